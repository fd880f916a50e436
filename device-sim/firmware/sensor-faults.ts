import { z } from 'zod'
import { qualityLetters } from '../../firmware-contracts/words.ts'
import { signalsOf } from '../../firmware-contracts/kinds.ts'
import { OperatorError } from '../../platform/operator-error.ts'
import type { Place } from '../place.ts'
import { strikes, type FaultKind, type Strike } from '../scenarios/fault-kind.ts'
import type { Ailment } from './sensor.ts'
import { devicePlaces, deviceStrike, signalAt, type Struck } from './struck-devices.ts'

/** What can be wrong with one sensor (rules D03, D04, D08): `signal` is its wire name. */

const at = [...devicePlaces, 'port'] as const
const signal = z.string().regex(/^[a-z][a-z0-9_]*$/, { error: 'expected a wire name such as p_ret_kpa' })
const value = z.int().min(-1_000_000_000).max(1_000_000_000)

export const sensorFaults: readonly FaultKind[] = [
  {
    fault: 'sensor-stuck',
    about: 'A sensor shows for ever what it shows now.',
    at,
    rules: ['D03'],
    reaches: 'nobody',
    params: strikes(z.strictObject({ signal }), (params) => ailing(params.signal, () => ({ is: 'stuck' }))),
  },
  {
    fault: 'sensor-drift',
    about: 'A sensor wanders off by `perHour`, in the unit of its wire name.',
    at,
    rules: [],
    reaches: 'nobody',
    params: strikes(z.strictObject({ signal, perHour: z.number() }), ({ signal: name, perHour }) =>
      ailing(name, ({ nowMs }) => ({ is: 'drifting', perHour, sinceMs: nowMs })),
    ),
  },
  {
    fault: 'sensor-spikes',
    about: 'A share of what a sensor shows is off by `by`, up or down: a loose wire.',
    at,
    rules: ['D04'],
    reaches: 'nobody',
    params: strikes(
      z.strictObject({ signal, by: z.int().positive(), share: z.number().min(0).max(1).default(0.2) }),
      ({ signal: name, by, share }) =>
        ailing(name, ({ chance }) => ({ is: 'spiking', by, share, random: chance('spikes') })),
    ),
  },
  {
    fault: 'sensor-out-of-range',
    about:
      'A sensor shows `value`, whatever is the case: a wire is off. Beyond the contract it is a violation.',
    at,
    rules: ['D04', 'D09'],
    reaches: 'nobody',
    params: strikes(z.strictObject({ signal, value }), (params) =>
      ailing(params.signal, () => ({ is: 'reading', value: params.value })),
    ),
  },
  {
    fault: 'sensor-broken',
    about: 'A sensor shows nothing, and the device says so with a letter of NE 107.',
    at,
    rules: ['D04'],
    reaches: 'nobody',
    params: strikes(
      z.strictObject({ signal, quality: z.enum(qualityLetters).default('F') }),
      ({ signal: name, quality }) => ailing(name, () => ({ is: 'broken', quality })),
    ),
  },
  {
    fault: 'battery-low',
    about: 'A battery is down to `mv`; its device says so when it next tells of it.',
    at: ['flat', 'room', 'shed'],
    rules: ['D08'],
    reaches: 'nobody',
    params: strikes(
      z.strictObject({ mv: z.int().min(1_800).max(3_700).default(3_100) }).prefault({}),
      ({ mv }) => ailing('vbat_mv', () => ({ is: 'reading', value: mv })),
    ),
  },
]

function ailing(name: string, ailmentOf: (struck: Struck) => Ailment): Strike {
  return deviceStrike(
    (struck) => {
      checkSignal(struck, name)
      struck.device.ail(signalAt(struck.place, name), ailmentOf(struck))
    },
    ({ device, place }) => device.ail(signalAt(place, name), undefined),
  )
}

/** Throws an `OperatorError` when the device has no such sensor. */
function checkSignal({ device, place }: Struck, name: string): void {
  const { kind, device: id } = device.identity
  const known = Object.keys(signalsOf(kind, of(place)))
  if (!known.includes(name)) throw new OperatorError(`${id} has no signal ${name}; it has:`, known)
}

const of = (place: Place) => (place.at === 'port' ? 'port' : 'device')
