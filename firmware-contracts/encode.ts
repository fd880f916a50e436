import type {
  AckPayload,
  BirthPayload,
  ConnectionPayload,
  ReadingPayload,
  UploadPayload,
} from './envelope.ts'
import { signalOrder } from './kinds.ts'
import type { Birth, Message, Reading, Refusal } from './message.ts'
import type {
  CommandPayload,
  FaultNotice,
  OrderNotice,
  RejectPayload,
  ReplayPayload,
  StatusPayload,
  WantPayload,
} from './server-messages.ts'

/** The writing side, for the simulator and for tests: what a device's firmware puts on the wire.
 *
 *  Keys always come in the same order (the envelope's, then the contract's signals), so that the same reading is
 *  the same bytes. Nothing is checked here: a simulated device must be able to be wrong. */

/** When and by which firmware something was said. */
export type Stamp = Pick<Reading, 'contract' | 'boot' | 'seq' | 't' | 'clock'>
/** One sample of an upload. */
export type Row = Pick<Reading, 'seq' | 't' | 'values'> & { quality?: Reading['quality'] }

const utf8 = new TextEncoder()

/** tele, state or event. */
export function encodeReading(reading: Stamp & Row): Uint8Array {
  const { contract: c, boot: b, seq: s, t, clock: k } = reading
  const payload: ReadingPayload = { c, b, s, t, k, ...sampleOf(c, reading) }
  return bytesOf(payload)
}

/** batch or hist: rows oldest first; `from` and `to` are read off the rows. Throws when there is none. */
export function encodeUpload(
  upload: Pick<Stamp, 'contract' | 'boot' | 'clock'> & { rows: readonly Row[] },
): Uint8Array {
  const { contract: c, boot: b, clock: k, rows } = upload
  const [first, last] = [rows.at(0), rows.at(-1)]
  if (!first || !last) throw new RangeError('an upload needs a sample')
  const r = rows.map((row) => ({ s: row.seq, t: row.t, ...sampleOf(c, row) }))
  const payload: UploadPayload = { c, b, k, from: first.seq, to: last.seq, r }
  return bytesOf(payload)
}

/** conn; with state `lost` it is what to leave as the will. */
export function encodeConnection({ state, boot, t }: Connection): Uint8Array {
  const payload: ConnectionPayload = { st: state, b: boot, t }
  return bytesOf(payload)
}
export type Connection = Pick<Extract<Message, { type: 'connection' }>, 'state' | 'boot' | 't'>

/** meta. */
export function encodeBirth(birth: Birth): Uint8Array {
  const { contract: c, boot: b, seq: s, t, clock: k, firmware: fw, hardware: hw, serial } = birth
  const { bootReason: boot_reason, contractHash: hash, periodS: period_s, deliveryS: delivery_s } = birth
  const d = { fw, hw, serial, boot_reason, hash, period_s: { ...period_s }, delivery_s }
  const payload: BirthPayload = { c, b, s, t, k, d }
  return bytesOf(payload)
}

/** ack/{name}: `id` is the command's, `code` says why it failed. */
export function encodeAck(ack: Stamp & { id: string; ok: boolean; code?: string }): Uint8Array {
  const { contract: c, boot: b, seq: s, t, clock: k, id, ok, code } = ack
  const payload: AckPayload = { c, b, s, t, k, id, ok: ok ? 1 : 0, ...(code !== undefined && { code }) }
  return bytesOf(payload)
}

/** reject: the server's answer to what it could not read. */
export function encodeReject({ reason, path, expected, got, boot, seq }: Refusal): Uint8Array {
  const identity = { ...(boot !== undefined && { b: boot }), ...(seq !== undefined && { s: seq }) }
  const payload: RejectPayload = { reason, path, expected, got, ...identity }
  return bytesOf(payload)
}

/** cmd/{name} */
export function encodeCommand({ id, exp, args }: CommandPayload): Uint8Array {
  return bytesOf({ id, exp, args })
}

/** cmd/replay */
export function encodeReplay({ id, exp, args: { b, from, to } }: ReplayPayload): Uint8Array {
  return bytesOf({ id, exp, args: { b, from, to } })
}

/** want */
export function encodeWant({ v, ...wanted }: WantPayload): Uint8Array {
  return bytesOf({ v, ...wanted })
}

/** srv/1/status */
export function encodeStatus({ online, t }: StatusPayload): Uint8Array {
  return bytesOf({ online, t })
}

/** srv/1/fault/… */
export function encodeFaultNotice(notice: FaultNotice): Uint8Array {
  return bytesOf(notice)
}

/** srv/1/order/… */
export function encodeOrderNotice(notice: OrderNotice): Uint8Array {
  return bytesOf(notice)
}

function sampleOf(contract: string, { values, quality }: Pick<Row, 'values' | 'quality'>) {
  const d = inContractOrder(contract, values)
  if (!quality || Object.keys(quality).length === 0) return { d }
  return { d, q: inContractOrder(contract, quality) }
}

/** The contract's signals first, in its order; then what it does not know, as given. */
function inContractOrder<V>(contract: string, given: Readonly<Record<string, V>>): Record<string, V> {
  const order = signalOrder(contract)
  const entries = Object.entries(given)
  return Object.fromEntries(
    entries.sort(([a], [b]) => (order.get(a) ?? order.size) - (order.get(b) ?? order.size)),
  )
}

function bytesOf(payload: object): Uint8Array {
  return utf8.encode(JSON.stringify(payload))
}
