import { z } from 'zod'
import type { RegistryDevice } from '../../estate/registry.ts'
import { caseBookState } from './case-book.ts'
import { serviceWindow } from './service-window.ts'
import { hearing, type Hearing } from './silence.ts'
import { deviceHealth, type DeviceHealth } from './device-health.ts'
import { healthWatchOf } from './device-watch.ts'
import { keyOf, watchMemory, type Watch } from './alarm-watch.ts'
import { remember, streamMemory, watchAt, type Stream } from './stream.ts'
import { turn, type Turn } from './turn.ts'

/** What the fault engine remembers, as it is written down: a small part of all together, and a part for each device.
 *  A district has 94,000 devices, of which a thousand speak in a second; so only the parts of those are written again,
 *  and the parts of the others, written earlier, still hold. */

export const deviceMemory = z.object({
  hearing,
  silence: watchMemory,
  health: deviceHealth.exactOptional(),
  /** Alarms of its health. */
  unwell: z.record(z.string(), watchMemory).default({}),
  streams: z.array(streamMemory),
  turn: turn.exactOptional(),
})
export type DeviceMemory = z.infer<typeof deviceMemory>

export const engineMemory = z.object({
  format: z.literal('faults/4'),
  nowMs: z.number(),
  nextStepMs: z.number().nullable(),
  /** When somebody began to listen again, the last time; 0 before. */
  resumedMs: z.number(),
  outOfService: z.array(serviceWindow).default([]),
  book: caseBookState,
})
export type EngineMemory = z.infer<typeof engineMemory>

export const faultSnapshot = engineMemory.extend({ devices: z.record(z.string(), deviceMemory) })
export type FaultSnapshot = z.infer<typeof faultSnapshot>

/** A device that is watched. */
export interface WatchedDevice {
  device: RegistryDevice
  hearing: Hearing
  /** D01 */
  silence: Watch
  health?: DeviceHealth
  /** Alarms of its health that are not normal. */
  unwell: Watch[]
  /** Lane (port, upload) -> its samples. */
  streams: Map<string, Stream>
}

export function memoryOf(
  { hearing: heard, silence, health, unwell, streams }: WatchedDevice,
  at: Turn | undefined,
): DeviceMemory {
  return {
    hearing: heard,
    silence: silence.memory,
    ...(health && { health }),
    unwell: Object.fromEntries(unwell.map(({ key, memory }) => [key, memory])),
    streams: [...streams.values()].map(remember),
    ...(at && { turn: at }),
  }
}

/** The watch of an alarm that is normal, and of which nothing is remembered, by its key. */
export function quietWatch(known: WatchedDevice | undefined, alarmKey: string): Watch | undefined {
  if (!known || known.silence.key === alarmKey) return known?.silence
  for (const stream of known.streams.values()) {
    const at = stream.checks.findIndex((check) => keyOf(check, stream.place, stream.lane) === alarmKey)
    if (at >= 0) return watchAt(stream, at)
  }
  return healthWatchOf(known, alarmKey)
}
