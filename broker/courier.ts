import type { AedesPublishPacket, Client } from 'aedes'
import { writeToStream } from 'mqtt-packet'
import type { BrokerMemory } from './memory.ts'
import type { Qos, Queued, Session, Sessions } from './sessions.ts'

/** Brings the queues of sessions to the clients that are here. aedes would hand a session its new messages while
 *  it still sends the old ones; here every message goes through the queue and leaves it in the order of arrival,
 *  so that a topic never steps back [MQTT-4.6.0-6]. What was on its way when a connection broke goes first, under
 *  its identifier and marked as a duplicate [MQTT-4.4.0-1].
 *
 *  Only so much is on the way at a time: who reads slowly, waits, and is not cut off. */

const windowMessages = 1_024
const windowBytes = 512 * 1024
const identifiers = 65_535

interface Line {
  client: Client
  session: Session
  identifier: number
}

export class Courier {
  readonly #memory: BrokerMemory
  readonly #sessions: Sessions
  readonly #lines = new Map<string, Line>()

  constructor(memory: BrokerMemory) {
    this.#memory = memory
    this.#sessions = memory.sessions
    this.#sessions.onChange = (session) => {
      const line = this.#lines.get(session.client)
      if (line?.session === session) this.#deliver(line)
    }
  }

  /** The client has its CONNACK, or subscribed after a session was made anew: what is its own, comes now. */
  begin(client: Client): void {
    if (client.clean || client.closed) return
    const session = this.#memory.openSession(client.id)
    if (!session) return
    const before = this.#lines.get(client.id)
    if (before?.client === client && before.session === session) return
    const line = { client, session, identifier: 0 }
    this.#lines.set(client.id, line)
    session.connected = true
    this.#memory.seen(session)
    for (const queued of session.inFlight) {
      queued.dup = true
      this.#write(line, queued)
    }
    this.#deliver(line)
  }

  end(client: Client): void {
    const line = this.#lines.get(client.id)
    if (line?.client !== client) return
    this.#lines.delete(client.id)
    line.session.connected = false
    this.#memory.seen(line.session)
  }

  /** What aedes itself may send to a client. Not what is for its queue; what is retained goes there too, as it
   *  is now, so that it neither gets lost nor comes after something newer. Only with a full queue it goes out
   *  at once, under an identifier that is not in use. */
  forward(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null {
    if (client.clean || packet.qos === 0) return packet
    const line = this.#lines.get(client.id)
    if (packet.retain && line) {
      if (!this.#sessions.hasRoom(line.session)) return { ...packet, messageId: nextIdentifier(line) }
      const retained = this.#memory.retained.get(packet.topic)
      const qos = this.#qosFor(line.session, packet)
      if (qos === 0) return { ...packet, qos }
      if (retained) this.#sessions.queue(client.id, { ...retained, qos })
      return null
    }
    return this.#sessions.subscribed(packet.topic).some(({ clientId }) => clientId === client.id)
      ? null
      : packet
  }

  /** The lower of what was published and what was granted [MQTT-3.8.4-6]. */
  #qosFor({ client }: Session, { topic, qos }: AedesPublishPacket): Qos {
    const granted = this.#sessions.subscribed(topic).filter(({ clientId }) => clientId === client)
    return lower(qos, granted.some((match) => match.qos === 2) ? 2 : granted.length > 0 ? 1 : 0)
  }

  #deliver(line: Line): void {
    const { session } = line
    for (const queued of session.waiting.values()) {
      if (session.inFlight.length >= windowMessages || session.inFlightBytes >= windowBytes) return
      this.#sessions.sent(session, queued, nextIdentifier(line))
      if (queued.qos < 2) this.#write(line, queued)
      else
        void this.#memory.durable().then(
          () => this.#write(line, queued),
          () => line.client.close(),
        )
    }
  }

  #write({ client }: Line, queued: Queued): void {
    const { messageId, topic, payload, qos, retain, dup } = queued
    if (client.closed || messageId === undefined) return
    if (queued.released) writeToStream({ cmd: 'pubrel', messageId }, client.conn)
    else writeToStream({ cmd: 'publish', messageId, topic, payload, qos, dup, retain }, client.conn)
  }
}

function lower(a: Qos, b: Qos): Qos {
  return a < b ? a : b
}

/** [MQTT-2.3.1-4]: one that is in use is not used again. */
function nextIdentifier(line: Line): number {
  do line.identifier = (line.identifier % identifiers) + 1
  while (line.session.identifiers.has(line.identifier))
  return line.identifier
}
