import { crc32 } from 'node:zlib'
import { damagedPublisher, type IntakeMessage } from './intake-message.ts'

/** How a batch of messages lies on disk: one blob, so that one row and one fsync serve many devices.
 *
 *      version u8 | checksum u32 | first position f64 | count u32
 *      per message: received f64 | flags u8 | publisher u8 + bytes | topic u16 + bytes | payload u32 + bytes
 *
 *  Big-endian, text in UTF-8. Flags: 1 = a will, 2 = to be retained, 4 and 8 = the QoS it came with. The
 *  checksum (CRC-32) covers everything after itself, positions included: SQLite's own tree can be whole and a
 *  blob in it not. Version 1 had neither checksum, first position nor count; it is still read. */
const version = 2
const checksumAt = 1
const firstAt = 5
const countAt = 13
const headBytes = 17
const fixedBytes = 8 + 1 + 1 + 2 + 4

export interface Appended extends Omit<IntakeMessage, 'position' | 'damaged'> {
  /** Whose count it goes to: the device that the topic names. */
  device: string
}

/** Upper bound of what a message takes on disk, bytes. */
export function sizeOf({ publisher, topic, payload }: Appended): number {
  return fixedBytes + 3 * (publisher.length + topic.length) + payload.byteLength
}

/** A buffer of its own, which may be handed to another thread; whoever knows the first position seals it there.
 *  Publishers over 255 and topics over 65,535 bytes cannot be written: the broker admits none. */
export function encodeBatch(messages: readonly Appended[]): Uint8Array<ArrayBuffer> {
  const buffer = Buffer.allocUnsafeSlow(messages.reduce((sum, message) => sum + sizeOf(message), headBytes))
  buffer.writeUInt8(version, 0)
  let at = buffer.writeUInt32BE(messages.length, countAt)
  for (const message of messages) {
    const { publisher, topic, payload } = message
    at = buffer.writeDoubleBE(message.receivedMs, at)
    at = buffer.writeUInt8(flagsOf(message), at)
    const publisherBytes = buffer.write(publisher, at + 1)
    at = buffer.writeUInt8(publisherBytes, at) + publisherBytes
    const topicBytes = buffer.write(topic, at + 2)
    at = buffer.writeUInt16BE(topicBytes, at) + topicBytes
    at = buffer.writeUInt32BE(payload.byteLength, at)
    buffer.set(payload, at)
    at += payload.byteLength
  }
  return buffer.subarray(0, at)
}

/** Writes into the body where it stands in the log, and the checksum over all of it. */
export function sealBatch(body: Uint8Array, first: number): void {
  const buffer = asBuffer(body)
  buffer.writeDoubleBE(first, firstAt)
  buffer.writeUInt32BE(crc32(buffer.subarray(firstAt)), checksumAt)
}

/** Throws when the blob is not whole, or is not the one that belongs to these positions. */
export function decodeBatch(first: number, count: number, body: Uint8Array): IntakeMessage[] {
  const buffer = asBuffer(body)
  let at = headOf(buffer, first, count)
  const messages: IntakeMessage[] = []
  const text = (bytes: number) => {
    if (at + bytes > buffer.length) throw new Error(`intake batch ${first} is cut off`)
    at += bytes
    return buffer.toString('utf8', at - bytes, at)
  }
  for (let index = 0; index < count; index++) {
    if (at + fixedBytes > buffer.length) throw new Error(`intake batch ${first} is cut off`)
    const receivedMs = buffer.readDoubleBE(at)
    const { will, retain, qos } = meaningOf(buffer.readUInt8(at + 8))
    at += 10
    const publisher = text(buffer.readUInt8(at - 1))
    at += 2
    const topic = text(buffer.readUInt16BE(at - 2))
    const payloadBytes = buffer.readUInt32BE(at)
    at += 4 + payloadBytes
    if (at > buffer.length) throw new Error(`intake batch ${first} is cut off`)
    const payload = buffer.subarray(at - payloadBytes, at)
    messages.push({ position: first + index, receivedMs, publisher, will, retain, qos, topic, payload })
  }
  if (at !== buffer.length) throw new Error(`intake batch ${first} is longer than its messages`)
  return messages
}

/** A message for every position of the batch, whatever became of it: nobody may lose count. */
export function readBatch(first: number, count: number, body: Uint8Array): IntakeMessage[] {
  try {
    return decodeBatch(first, count, body)
  } catch (cause) {
    return damagedMessages(first, first + count - 1, String(cause))
  }
}

/** What stands for the positions from `first` to `last`, which cannot be read any more. */
export function damagedMessages(first: number, last: number, reason: string): IntakeMessage[] {
  const payload = Buffer.from(reason)
  return Array.from({ length: last - first + 1 }, (_, index) => ({
    position: first + index,
    receivedMs: 0,
    publisher: damagedPublisher,
    will: false,
    retain: false,
    qos: 1,
    topic: '',
    payload,
  }))
}

/** Where the messages begin. */
function headOf(buffer: Buffer, first: number, count: number): number {
  const written = buffer.length === 0 ? 0 : buffer.readUInt8(0)
  if (written === 1) return 1
  if (written !== version) throw new Error(`intake batch ${first} has version ${written}`)
  if (buffer.length < headBytes) throw new Error(`intake batch ${first} is cut off`)
  if (buffer.readUInt32BE(checksumAt) !== crc32(buffer.subarray(firstAt)))
    throw new Error(`intake batch ${first} does not match its checksum`)
  if (buffer.readDoubleBE(firstAt) !== first || buffer.readUInt32BE(countAt) !== count)
    throw new Error(`intake batch ${first} belongs to other positions`)
  return headBytes
}

function asBuffer(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}

const willFlag = 1
const retainFlag = 2
const qosShift = 2

function flagsOf({ will, retain, qos }: Pick<Appended, 'will' | 'retain' | 'qos'>): number {
  return (will ? willFlag : 0) | (retain ? retainFlag : 0) | (qos << qosShift)
}

function meaningOf(flags: number): Pick<IntakeMessage, 'will' | 'retain' | 'qos'> {
  const qos = flags >> qosShift
  return {
    will: (flags & willFlag) !== 0,
    retain: (flags & retainFlag) !== 0,
    qos: qos === 2 ? 2 : qos === 1 ? 1 : 0,
  }
}
