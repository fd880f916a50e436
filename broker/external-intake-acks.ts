/** The PUBACKs that one connection still owes. They leave in the order in which the messages came
 *  [MQTT-4.6.0-2], each only after its message was dealt with, and those of one commit leave as one write. */

interface Owed {
  messageId: number
  settled: boolean
}

const pubackHeader = 0x40

export class OwedAcks {
  readonly #write: (packets: Buffer) => void
  readonly #owed: Owed[] = []
  #scheduled = false

  constructor(write: (packets: Buffer) => void) {
    this.#write = write
  }

  get size(): number {
    return this.#owed.length
  }

  /** Notes a message that came; the answer is called when it is on disk (or not wanted). */
  owe(messageId: number): () => void {
    const owed = { messageId, settled: false }
    this.#owed.push(owed)
    return () => {
      owed.settled = true
      this.#writeSoon()
    }
  }

  /** A commit settles its messages one after the other in one go; the microtask runs after the last. */
  #writeSoon(): void {
    if (this.#scheduled || this.#owed[0]?.settled !== true) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      const open = this.#owed.findIndex(({ settled }) => !settled)
      const paid = this.#owed.splice(0, open === -1 ? this.#owed.length : open)
      this.#write(Buffer.concat(paid.map(({ messageId }) => puback(messageId))))
    })
  }
}

function puback(messageId: number): Buffer {
  const packet = Buffer.from([pubackHeader, 2, 0, 0])
  packet.writeUInt16BE(messageId, 2)
  return packet
}
