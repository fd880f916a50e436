import { z } from 'zod'
import { kinds } from '../../firmware-contracts/message.ts'
import { mainsV, refitShed } from '../plant/charging-shed.ts'
import { minuteMs } from '../plant/day.ts'
import { refit } from '../plant/heating-loop.ts'
import { both, plantStrike, strikes, type FaultKind, type Strike } from '../scenarios/fault-kind.ts'
import type { Device, Task } from './device.ts'
import { copied, misspeaking, repeating, violations, type Violation } from './misspeaking.ts'
import { sensorFaults } from './sensor-faults.ts'
import { devicePlaces, deviceStrike, isOnMains } from './struck-devices.ts'

/** What can break in a device itself: its power, its line, its clock, its firmware, its sensors (domain.md B,
 *  rules D01 to D09, and E4). */

const nothing = z.strictObject({}).prefault({})
const dialling = ['station', 'building', 'main-meter', 'shed'] as const

const lineCut = deviceStrike(
  ({ device, nowMs }) => device.cutLine(nowMs),
  ({ device, nowMs }) => device.mendLine(nowMs),
)

const lineFaults: readonly FaultKind[] = [
  {
    fault: 'device-silent',
    about: 'Nothing of a device gets through: no network, no SIM. It samples on, and tells what it missed.',
    at: [...dialling, 'flat', 'room'],
    rules: ['D01'],
    reaches: 'nobody',
    params: strikes(nothing, () => lineCut),
  },
  {
    fault: 'gateway-silent',
    about: 'A gateway has no network: it and everyone behind it are silent.',
    at: ['gateway'],
    rules: ['D02', 'D01'],
    reaches: 'nobody',
    params: strikes(nothing, () => lineCut),
  },
  {
    fault: 'estate-silent',
    about: 'The network of a whole estate is down; everything works on, unheard.',
    at: ['site'],
    rules: ['D02'],
    reaches: 'nobody',
    params: strikes(nothing, () =>
      deviceStrike(
        ({ device, nowMs }) => device.cutLine(nowMs),
        ({ device, nowMs }) => device.mendLine(nowMs),
        isOnMains,
      ),
    ),
  },
  {
    fault: 'device-unpowered',
    about: 'A device has no power: it does not even sample, and boots when it comes back.',
    at: [...dialling, 'gateway'],
    rules: ['D01', 'D02'],
    reaches: 'nobody',
    params: strikes(nothing, () =>
      deviceStrike(
        ({ device, nowMs }) => device.switchOff(nowMs),
        ({ device, nowMs }) => device.switchOn(nowMs),
      ),
    ),
  },
]

/** Share of boots after which a clock cell proves empty (domain.md E4). */
const clocksLost = 0.02

const mainsOff = deviceStrike(
  ({ device, nowMs }) => device.switchOff(nowMs),
  ({ device, nowMs, chance }) => device.switchOn(nowMs, chance(`clock ${nowMs}`)() < clocksLost),
  isOnMains,
)

const powerFaults: readonly FaultKind[] = [
  {
    fault: 'power-cut',
    about:
      'A whole estate has no power: the pumps stand, the sheds are dark, and whatever hangs on the mains is ' +
      'silent, its gateways too. When it is back everything boots.',
    at: ['site'],
    rules: ['D02', 'H05'],
    reaches: 'estate',
    params: strikes(nothing, () => both(estateDark, mainsOff)),
  },
]

const estateDark = plantStrike(
  (plant, _, design) => ({
    ...plant,
    loop: refit(design.loop, plant.loop, { power: 'off' }),
    sheds: plant.sheds.map((shed) => refitShed(shed, { feederV: 0 })),
  }),
  (plant, _, design) => ({
    ...plant,
    loop: refit(design.loop, plant.loop, { power: 'on' }),
    sheds: plant.sheds.map((shed) => refitShed(shed, { feederV: mainsV })),
  }),
)

const clockFaults: readonly FaultKind[] = [
  {
    fault: 'clock-off',
    about: 'A clock is `offS` seconds ahead (behind, below zero), and no time server is reached.',
    at: devicePlaces,
    rules: ['D05'],
    reaches: 'nobody',
    params: strikes(z.strictObject({ offS: z.int().min(-1_000_000).max(1_000_000) }), ({ offS }) =>
      deviceStrike(({ device, nowMs }) => device.voice.clock.setWrong(nowMs, offS * 1000), clockRight),
    ),
  },
  {
    fault: 'clock-lost',
    about: 'A device boots with an empty clock cell: it is 2000-01-01 until the next daily time.',
    at: devicePlaces,
    rules: ['D05'],
    reaches: 'nobody',
    params: strikes(nothing, () =>
      deviceStrike(({ device, nowMs }) => device.reboot(nowMs, 'brownout', true), clockRight),
    ),
  },
]

function clockRight({ device, nowMs }: { device: Device; nowMs: number }): void {
  device.voice.clock.sync(nowMs)
}

const numberFaults: readonly FaultKind[] = [
  {
    fault: 'numbers-repeated',
    about: 'A firmware misses acknowledgements and says a share of its readings twice.',
    at: devicePlaces,
    rules: ['D06'],
    reaches: 'nobody',
    params: strikes(
      z.strictObject({ share: z.number().min(0).max(1).default(0.2) }).prefault({}),
      ({ share }) =>
        deviceStrike(
          ({ device, chance }) => device.pickUp('repeating', repeating(share, chance('repeating'))),
          ({ device }) => device.drop('repeating'),
        ),
    ),
  },
  {
    fault: 'numbers-regress',
    about: 'A firmware forgets how far it had counted, and begins again without a boot.',
    at: devicePlaces,
    rules: ['D06'],
    reaches: 'nobody',
    params: strikes(nothing, () => deviceStrike(({ device }) => device.voice.forgetNumbers())),
  },
  {
    fault: 'device-cloned',
    about: 'A second board with the same name and counters speaks too: the same numbers, other values.',
    at: devicePlaces,
    rules: ['D06'],
    reaches: 'nobody',
    params: strikes(nothing, () =>
      deviceStrike(
        ({ device, chance }) => device.pickUp('copied', copied(chance('copied'))),
        ({ device }) => device.drop('copied'),
      ),
    ),
  },
]

const badVersion = '1.1.0'
const mendedVersion = '1.1.1'
const violationNames = Object.keys(violations).filter((name): name is Violation => name in violations)

const firmwareFaults: readonly FaultKind[] = [
  {
    fault: 'reboot-loop',
    about: 'A device boots again every `everyS` seconds: a watchdog, or the cold.',
    at: devicePlaces,
    rules: ['D07'],
    reaches: 'nobody',
    params: strikes(
      z
        .strictObject({
          everyS: z.number().min(10).max(86_400).default(300),
          reason: z.enum(['watchdog', 'brownout', 'exception']).default('watchdog'),
        })
        .prefault({}),
      ({ everyS, reason }) =>
        deviceStrike(
          ({ device, nowMs }) => device.befall('reboot loop', rebooting(device, { nowMs, everyS, reason })),
          ({ device }) => device.spare('reboot loop'),
        ),
    ),
  },
  {
    fault: 'firmware-bad',
    about:
      `Devices of a kind boot with firmware ${badVersion}, whose readings break the contract; the repair is ` +
      `${mendedVersion}. How: ${violationNames.join(', ')}.`,
    at: ['site', ...devicePlaces],
    rules: ['D09'],
    reaches: 'nobody',
    params: strikes(
      z.strictObject({
        kind: z.enum(kinds).optional(),
        violation: z.enum(violationNames).default('decimals'),
      }),
      ({ kind, violation }) => updated(kind, violation),
    ),
  },
]

function rebooting(
  device: Device,
  { nowMs, everyS, reason }: { nowMs: number; everyS: number; reason: string },
): Task {
  return {
    nextMs: nowMs,
    run: (atMs) => {
      device.reboot(atMs, reason)
      return { said: [], nextMs: atMs + everyS * 1000 }
    },
  }
}

/** Updates are spread over five minutes, lest a bad one take a whole fleet down at once. */
const rolloutMs = 5 * minuteMs

function updated(kind: string | undefined, violation: Violation): Strike {
  const to =
    (version: string, learn: (device: Device) => void) =>
    ({ device, nowMs, chance }: Parameters<Parameters<typeof deviceStrike>[0]>[0]) => {
      device.befall('update', {
        nextMs: nowMs + Math.round(chance('update')() * rolloutMs),
        run: (atMs) => {
          device.voice.firmware = version
          learn(device)
          device.reboot(atMs, 'update')
          return { said: [], nextMs: Infinity }
        },
      })
    }
  return deviceStrike(
    to(badVersion, (device) => device.pickUp('misspeaking', misspeaking(violation))),
    to(mendedVersion, (device) => device.drop('misspeaking')),
    ({ identity }) => kind === undefined || identity.kind === kind,
  )
}

export const deviceFaults: readonly FaultKind[] = [
  ...lineFaults,
  ...powerFaults,
  ...clockFaults,
  ...numberFaults,
  ...firmwareFaults,
  ...sensorFaults,
]
