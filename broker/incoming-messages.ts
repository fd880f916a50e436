import type { Write } from './memory-exchange.ts'

/** QoS 2 from clients: a message is known under its packet identifier from PUBREC to PUBREL, so that it is taken
 *  once [MQTT-4.3.3-2]. aedes lets a client have 1,000 of them. */
export interface Received {
  messageId: number
}

export class IncomingMessages {
  readonly #record: (write: Write) => void
  readonly #byClient = new Map<string, Map<number, Received>>()

  constructor(record: (write: Write) => void) {
    this.#record = record
  }

  get(client: string, messageId: number): Received | undefined {
    return this.#byClient.get(client)?.get(messageId)
  }

  put(client: string, packet: Received): void {
    this.restore(client, packet)
    this.#record(['receive', client, packet.messageId])
  }

  /** False when it is not known. */
  remove(client: string, messageId: number): boolean {
    const own = this.#byClient.get(client)
    if (!own?.delete(messageId)) return false
    if (own.size === 0) this.#byClient.delete(client)
    this.#record(['finish', client, messageId])
    return true
  }

  forget(client: string): void {
    if (this.#byClient.delete(client)) this.#record(['finishAll', client])
  }

  /** As it was on disk. */
  restore(client: string, packet: Received): void {
    const own = this.#byClient.get(client) ?? new Map<number, Received>()
    this.#byClient.set(client, own)
    own.set(packet.messageId, packet)
  }

  *everything(): Generator<Write> {
    for (const [client, own] of this.#byClient)
      for (const messageId of own.keys()) yield ['receive', client, messageId]
  }
}
