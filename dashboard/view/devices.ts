import type { LiveDevice } from '../../estate/live.ts'
import type { RegistryDevice } from '../../estate/registry.ts'
import { staleAfterMs } from '../../firmware-contracts/kinds.ts'
import { unitOf } from '../../firmware-contracts/units.ts'
import type { DeviceView } from '../protocol.ts'
import { isGone, isStale, type Sources } from './sources.ts'

const minuteMs = 60_000

/** Whether a device is there. Silence is judged by the period it declared itself: a meter that uploads once a
 *  day is not silent after three minutes. */
export function deviceView({ id, kind, site }: RegistryDevice, { live, nowMs }: Sources): DeviceView {
  const device = live(id)
  const heard = device !== undefined && device.lastSeenMs > 0
  return {
    id,
    kind,
    site,
    state: heard ? stateOf(device, nowMs) : 'unknown',
    ...(heard && { lastSeen: device.lastSeenMs }),
    ...wrongClock(device),
  }
}

function wrongClock(device: LiveDevice | undefined): Pick<DeviceView, 'clock'> {
  if (!device?.clock || device.clock.state === 'right') return {}
  const { state, offsetMs } = device.clock
  return { clock: { state, offsetMs: Math.round(offsetMs / minuteMs) * minuteMs } }
}

function stateOf(device: LiveDevice, nowMs: number): DeviceView['state'] {
  if (isGone(device)) return 'lost'
  if (nowMs - device.lastSeenMs > silentAfterMs(device)) return 'silent'
  return device.connection === 'sleeping' ? 'sleeping' : 'online'
}

/** By what it promised to say most often, which need not be `tele`: a household's meter uploads a day at a time. */
function silentAfterMs({ kind, periodS = {} }: LiveDevice): number {
  const promised = Object.keys(periodS).filter((stream) => periodS[stream] !== 0)
  const streams = promised.length > 0 ? promised : ['tele']
  return Math.min(...streams.map((stream) => staleAfterMs(kind, stream, periodS)))
}

/** One signal as the device last reported it, in wire counts of `unit`; '' for words, flags and counts. */
export interface SignalView {
  signal: string
  port?: string
  value: number | string
  unit: string
  ageMs: number
  stale: boolean
}

/** The device's own signals, then those of its ports. */
export function signalsOf(device: LiveDevice, nowMs: number): SignalView[] {
  const ofPorts = Object.entries(device.ports).flatMap(([port, values]) =>
    views({ device, values, port }, nowMs),
  )
  return [...views({ device, values: device.values }, nowMs), ...ofPorts]
}

function views(
  { device, values, port }: { device: LiveDevice; values: LiveDevice['values']; port?: string },
  nowMs: number,
): SignalView[] {
  return Object.entries(values).map(([signal, { value, t }]) => ({
    signal,
    ...(port !== undefined && { port }),
    value,
    unit: unitOf(signal)?.wire ?? '',
    ageMs: ageMs(t, nowMs),
    stale: isStale(device, { signal, t }, nowMs),
  }))
}

/** Never below zero: a device whose clock runs a little ahead is not from the future. */
export function ageMs(t: number, nowMs: number): number {
  return Math.max(0, nowMs - t)
}
