/** The PUBACKs that one connection still owes. They leave in the order in which the messages came
 *  [MQTT-4.6.0-2], each only after its message was dealt with, and those of one commit leave as one write. A
 *  message that is given back gets none: those before it are paid, and then there is nothing more to pay. */

interface Owed {
  messageId: number
  state: 'open' | 'kept' | 'given-back'
}

const pubackHeader = 0x40

export interface OwedAcksOptions {
  write: (packets: Buffer) => void
  /** All is paid but what was given back, and what came after it. */
  stuck: () => void
}

export class OwedAcks {
  readonly #options: OwedAcksOptions
  readonly #owed: Owed[] = []
  #scheduled = false

  constructor(options: OwedAcksOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#owed.length
  }

  /** Notes a message that came; the answer is called when it is on disk (or not wanted), or to give it back. */
  owe(messageId: number): (to: 'kept' | 'given-back') => void {
    const owed: Owed = { messageId, state: 'open' }
    this.#owed.push(owed)
    return (to) => {
      owed.state = to
      this.#paySoon()
    }
  }

  /** A commit settles its messages one after the other in one go; the microtask runs after the last. */
  #paySoon(): void {
    if (this.#scheduled || this.#owed[0]?.state === 'open') return
    this.#scheduled = true
    queueMicrotask(() => this.#pay())
  }

  #pay(): void {
    this.#scheduled = false
    const unpaid = this.#owed.findIndex(({ state }) => state !== 'kept')
    const paid = this.#owed.splice(0, unpaid === -1 ? this.#owed.length : unpaid)
    if (paid.length > 0) this.#options.write(Buffer.concat(paid.map(({ messageId }) => puback(messageId))))
    if (this.#owed[0]?.state === 'given-back') this.#options.stuck()
  }
}

function puback(messageId: number): Buffer {
  const packet = Buffer.from([pubackHeader, 2, 0, 0])
  packet.writeUInt16BE(messageId, 2)
  return packet
}
