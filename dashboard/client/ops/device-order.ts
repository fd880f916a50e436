import type { DeviceView } from '../../protocol.ts'
import type { Sight } from './heat-point.ts'

export type DeviceState = DeviceView['state']

/** Worst first. */
export const deviceStates = ['lost', 'silent', 'unknown', 'sleeping', 'online'] as const

/** Without a line to the server nobody knows how a device is. */
export function seenAs(device: DeviceView, { blind }: Sight): DeviceView {
  return blind ? { ...device, state: 'unknown' } : device
}

/** By state; in a state by name, since a list that jumps with each message cannot be read. */
export function arrangeDevices(devices: readonly DeviceView[]): readonly DeviceView[] {
  const rank = ({ state }: DeviceView) => deviceStates.indexOf(state)
  return [...devices].sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1))
}

export function countDevices(devices: readonly DeviceView[]): Readonly<Record<DeviceState, number>> {
  const counts = { lost: 0, silent: 0, unknown: 0, sleeping: 0, online: 0 }
  for (const { state } of devices) counts[state] += 1
  return counts
}
