import type { AedesPublishPacket, Client } from 'aedes'
import { writeToStream } from 'mqtt-packet'
import type { BrokerMemory } from './memory.ts'
import type { Queued, Session, Sessions } from './sessions.ts'

/** Brings the queues of sessions to the clients that are here. aedes would hand a session its new messages while
 *  it still sends the old ones; here every message goes through the queue and leaves it in the order of arrival,
 *  so that a topic never steps back [MQTT-4.6.0-6]. What was on its way when a connection broke goes first, under
 *  its identifier and marked as a duplicate [MQTT-4.4.0-1].
 *
 *  Only so much is on the way at a time: who reads slowly, waits, and is not cut off. */

const windowMessages = 64
const windowBytes = 512 * 1024
const identifiers = 65_535

interface Line {
  client: Client
  session: Session
  identifier: number
}

export class Courier {
  readonly #sessions: Sessions
  readonly #durable: () => Promise<void>
  readonly #lines = new Map<string, Line>()

  constructor(memory: Pick<BrokerMemory, 'sessions' | 'durable'>) {
    this.#sessions = memory.sessions
    this.#durable = () => memory.durable()
    this.#sessions.onChange = (session) => {
      const line = this.#lines.get(session.client)
      if (line?.session === session) this.#deliver(line)
    }
  }

  isHere(clientId: string): boolean {
    return this.#lines.has(clientId)
  }

  /** The client has its CONNACK, or its first subscription: what is its own, comes now. */
  begin(client: Client): void {
    const session = this.#sessions.get(client.id)
    if (client.clean || !session || client.closed) return
    const before = this.#lines.get(client.id)
    if (before?.client === client && before.session === session) return
    const line = { client, session, identifier: 0 }
    this.#lines.set(client.id, line)
    for (const queued of session.inFlight) {
      queued.dup = true
      this.#write(line, queued)
    }
    this.#deliver(line)
  }

  end(client: Client): void {
    if (this.#lines.get(client.id)?.client === client) this.#lines.delete(client.id)
  }

  /** What aedes itself may send to a client: nothing that is in its queue, and nothing under an identifier that
   *  is in use. */
  forward(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null {
    if (client.clean || packet.qos === 0) return packet
    const line = this.#lines.get(client.id)
    if (packet.retain) return line ? { ...packet, messageId: nextIdentifier(line) } : packet
    return this.#sessions.subscribed(packet.topic).some(({ clientId }) => clientId === client.id)
      ? null
      : packet
  }

  #deliver(line: Line): void {
    const { session } = line
    for (const queued of session.waiting.values()) {
      if (session.inFlight.length >= windowMessages || session.inFlightBytes >= windowBytes) return
      this.#sessions.sent(session, queued, nextIdentifier(line))
      if (queued.qos < 2) this.#write(line, queued)
      else
        void this.#durable().then(
          () => this.#write(line, queued),
          () => line.client.close(),
        )
    }
  }

  #write({ client, session }: Line, queued: Queued): void {
    const { messageId, topic, payload, qos, dup } = queued
    if (client.closed || messageId === undefined || !session.inFlight.includes(queued)) return
    if (queued.released) writeToStream({ cmd: 'pubrel', messageId }, client.conn)
    else writeToStream({ cmd: 'publish', messageId, topic, payload, qos, dup, retain: false }, client.conn)
  }
}

/** [MQTT-2.3.1-4]: one that is in use is not used again. */
function nextIdentifier(line: Line): number {
  do line.identifier = (line.identifier % identifiers) + 1
  while (line.session.inFlight.some(({ messageId }) => messageId === line.identifier))
  return line.identifier
}
