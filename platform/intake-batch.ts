import type { IntakeMessage } from './intake-message.ts'

/** How a batch of messages lies on disk: one blob, so that one row and one fsync serve many devices.
 *
 *      version u8 | per message: received f64 | flags u8 | publisher u8 + bytes | topic u16 + bytes | payload u32 + bytes
 *
 *  Big-endian, text in UTF-8. Flags: 1 = a will, 2 = to be retained, 4 and 8 = the QoS it came with. The position is not in it: the row knows its first, and they count up. */
const version = 1
const fixedBytes = 8 + 1 + 1 + 2 + 4

export interface Appended extends Omit<IntakeMessage, 'position'> {
  /** Whose count it goes to: the device that the topic names. */
  device: string
}

/** Upper bound of what a message takes on disk, bytes. */
export function sizeOf({ publisher, topic, payload }: Appended): number {
  return fixedBytes + 3 * (publisher.length + topic.length) + payload.byteLength
}

/** Publishers over 255 and topics over 65,535 bytes cannot be written: the broker admits none. */
export function encodeBatch(messages: readonly Appended[]): Uint8Array {
  const buffer = Buffer.allocUnsafeSlow(messages.reduce((sum, message) => sum + sizeOf(message), 1))
  let at = buffer.writeUInt8(version, 0)
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

/** Throws when the blob is not whole. */
export function decodeBatch(first: number, count: number, body: Uint8Array): IntakeMessage[] {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  if (buffer.readUInt8(0) !== version)
    throw new Error(`intake batch ${first} has version ${buffer.readUInt8(0)}`)
  const messages: IntakeMessage[] = []
  let at = 1
  const take = (length: number) => {
    if (at + length > buffer.length) throw new Error(`intake batch ${first} is cut off`)
    at += length
    return buffer.subarray(at - length, at)
  }
  for (let index = 0; index < count; index++) {
    const receivedMs = take(8).readDoubleBE(0)
    const flags = take(1).readUInt8(0)
    const publisher = take(take(1).readUInt8(0)).toString()
    const topic = take(take(2).readUInt16BE(0)).toString()
    const payload = take(take(4).readUInt32BE(0))
    messages.push({ position: first + index, receivedMs, publisher, ...meaningOf(flags), topic, payload })
  }
  return messages
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
