import type { Message, Reading, Refusal } from '../firmware-contracts/message.ts'
import { countedFor, damagedPublisher } from '../platform/intake-message.ts'
import { credibleTime } from './credible-time.ts'
import type { DecodedMessage } from './decoded-log.ts'
import type { DeviceMemory } from './device-memory.ts'
import type { Point } from './history/store.ts'
import type { Poison } from './isolate.ts'
import { apart, identityOf } from './series-clock.ts'

/** Every message has exactly one outcome: promise 2 of the design, `accepted = stored + quarantined +
 *  duplicate + pending`. This file decides which. */
export type Outcome = 'stored' | 'quarantined' | 'duplicate'

export interface Refused {
  message: DecodedMessage
  device: string
  refusal: Refusal
}

export interface Sorted {
  points: Point[]
  refused: Refused[]
  /** Outcome of each message, in order. */
  outcomes: Settled[]
}

export interface Settled {
  /** The device it counts for, in the broker's books too. */
  device: string
  outcome: Outcome
  /** What in it carries (boot, seq): stored, and seen before. */
  readings: number
  repeated: number
}

export function sort(
  messages: readonly DecodedMessage[],
  memoryOf: (device: string) => DeviceMemory,
): Sorted {
  const sorted: Sorted = { points: [], refused: [], outcomes: [] }
  for (const message of messages) {
    const { decoded } = message
    const device = countsFor(message)
    if (decoded.ok) {
      const points = pointsOf(message, decoded.message, memoryOf(device))
      for (const point of points) sorted.points.push(point)
      const outcome = points.length > 0 ? 'stored' : 'duplicate'
      const numbered = numberedIn(decoded.message)
      const readings = numbered === 0 ? 0 : points.length
      sorted.outcomes.push({ device, outcome, readings, repeated: numbered - readings })
    } else {
      const refusal = refusalOf(message, decoded.refusal)
      memoryOf(device).refuse(refusal)
      sorted.refused.push({ message, device, refusal })
      sorted.outcomes.push({ device, outcome: 'quarantined', readings: 0, repeated: 0 })
    }
  }
  return sorted
}

/** The device whose count a message goes to. The broker asks the same question of the topic. */
export function countsFor({ decoded, intake }: DecodedMessage): string {
  return decoded.ok ? decoded.message.address.device : countedFor(intake)
}

/** What the log can no longer read is nobody's mistake: its payload says what happened. */
function refusalOf({ intake }: DecodedMessage, refusal: Refusal): Refusal {
  if (intake.publisher !== damagedPublisher) return refusal
  const got = Buffer.from(intake.payload).toString()
  return { reason: 'log-damaged', path: '', expected: 'a message that was accepted here', got }
}

/** How many (boot, seq) a message has. */
function numberedIn(message: Message): number {
  if (message.type === 'readings') return message.readings.length
  return message.type === 'connection' ? 0 : 1
}

/** The same, after the store itself would not take some points: their messages are quarantined, in the store's
 *  own words. What is in store of such a message counts when all of it is, after a replay. */
export function withoutPoison(
  sorted: Sorted,
  messages: readonly DecodedMessage[],
  poisoned: readonly Poison[],
): Sorted {
  const reasons = new Map(poisoned.map(({ position, reason }) => [position, reason]))
  const refused = messages.flatMap((message, at): Refused[] => {
    const got = reasons.get(message.intake.position)
    const device = sorted.outcomes[at]?.device
    if (got === undefined || device === undefined) return []
    const refusal = {
      reason: 'history-refused',
      path: '',
      expected: 'a point that the store takes',
      got,
    } as const
    return [{ message, device, refusal }]
  })
  const outcomes = sorted.outcomes.map((settled, at): Settled => {
    if (!reasons.has(messages[at]?.intake.position ?? 0)) return settled
    return { device: settled.device, outcome: 'quarantined', readings: 0, repeated: 0 }
  })
  return { points: sorted.points, refused: [...sorted.refused, ...refused], outcomes }
}

/** What goes to history; nothing when all of it was here before. */
function pointsOf(
  { intake, seenUnstored = false }: DecodedMessage,
  message: Message,
  memory: DeviceMemory,
): Point[] {
  const isNew = (numbered: { boot: number; seq: number }) => memory.isNew(numbered) || seenUnstored
  const { site, kind, device } = message.address
  const place = { position: intake.position, site, kind, device }
  memory.heardMs = Math.max(memory.heardMs, intake.receivedMs)
  switch (message.type) {
    case 'readings':
      return message.readings
        .filter((reading) => memory.admit(reading) || seenUnstored)
        .map((reading) => readingPoint(reading, intake, memory))
    case 'connection': {
      if (!memory.admitConnection(message)) return []
      // A will was written when the device connected: its time says nothing of when the device vanished.
      const said = message.state === 'lost' ? intake.receivedMs : message.t
      const { t } = credibleTime({ t: said, clock: 'n' }, intake.receivedMs)
      const apartNs = memory.series.place('', t, intake.position)
      return [{ ...place, t, apartNs, boot: message.boot, seq: 0, fields: { conn: message.state } }]
    }
    case 'birth': {
      const { boot, seq, clock, firmware, hardware, contract, bootReason } = message.birth
      memory.declareDelivery(message.birth.deliveryS)
      if (!isNew(message.birth)) return []
      memory.firmware = firmware
      const { t } = credibleTime({ t: message.birth.t, clock }, intake.receivedMs)
      const apartNs = memory.series.place('', t, identityOf(message.birth))
      const fields = { fw: firmware, hw: hardware, contract, boot_reason: bootReason }
      return [{ ...place, t, apartNs, boot, seq, fields }]
    }
    case 'ack': {
      const { boot, seq, id, ok } = message
      if (!ok && message.address.sub === 'replay') memory.refuseReplay(id)
      if (!isNew(message)) return []
      const { t } = credibleTime({ t: message.t, clock: 'n' }, intake.receivedMs)
      const apartNs = memory.series.place('', t, identityOf(message))
      return [{ ...place, t, apartNs, boot, seq, fields: { ack_id: id, ack_ok: ok ? 1 : 0 } }]
    }
  }
}

function readingPoint(reading: Reading, intake: DecodedMessage['intake'], memory: DeviceMemory): Point {
  const { t, stamped } = credibleTime(reading, intake.receivedMs)
  const { site, kind, device, port, boot, seq, values } = reading
  const uploaded = reading.class === 'batch' || reading.class === 'hist'
  const identity = identityOf(reading)
  return {
    position: intake.position,
    site,
    kind,
    device,
    port,
    t,
    apartNs: uploaded ? apart(identity) : memory.series.place(port ?? '', t, identity),
    boot,
    seq,
    fields: stamped ? { ...values, ts_srv: 1 } : values,
  }
}
