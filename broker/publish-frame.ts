/** The packet that a broker of devices reads all day: PUBLISH at QoS 1, not retained [MQTT-3.3].
 *
 *      0011 d010 | remaining length, 1 to 4 bytes | topic u16 + bytes | packet id u16 | payload
 */
export interface PublishFrame {
  topic: string
  packetId: number
  /** A view into the bytes that were read, not a copy. */
  payload: Buffer
  /** Where the next packet begins. */
  end: number
}

const publishAtQos1 = 0b0011_0010
const allButDup = 0b1111_0111
const lengthBytes = 4

/** The packet that begins at `at`; `part` when its end has not come yet; `other` for every other packet, also
 *  for one that is malformed or longer than `maxBytes`. */
export function publishFrame(bytes: Buffer, at: number, maxBytes: number): PublishFrame | 'part' | 'other' {
  if (((bytes[at] ?? 0) & allButDup) !== publishAtQos1) return 'other'
  let length = 0
  let next = at + 1
  for (let digit = 0, shift = 0; ; shift += 7) {
    if (next === bytes.length) return 'part'
    if (next > at + lengthBytes) return 'other'
    digit = bytes[next++] ?? 0
    length |= (digit & 0x7f) << shift
    if (digit < 0x80) break
  }
  if (length > maxBytes) return 'other'
  const end = next + length
  if (end > bytes.length) return 'part'
  const topicAt = next + 2
  const idAt = topicAt + uint16(bytes, next)
  const packetId = uint16(bytes, idAt)
  if (idAt === topicAt || idAt + 2 > end || packetId === 0) return 'other'
  // Latin-1 reads ASCII as it is, and no topic outside ASCII is anybody's own.
  return {
    topic: bytes.toString('latin1', topicAt, idAt),
    packetId,
    payload: bytes.subarray(idAt + 2, end),
    end,
  }
}

function uint16(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}
