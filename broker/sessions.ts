import { userOf } from './door.ts'
import type { Write } from './memory-exchange.ts'
import { TopicFilters } from './topic-filters.ts'

/** The sessions of clients that asked to be remembered (clean session 0): what they subscribed to, and what they
 *  have not acknowledged yet. All of it is in memory; each change is recorded for the disk as it happens.
 *
 *  A queue has two parts: `inFlight`, sent and not acknowledged, in the order of sending, and `waiting`, in the
 *  order of arrival. A message goes from the second to the first and is gone when the client has it: after
 *  PUBACK (QoS 1) or PUBCOMP (QoS 2, between them only its PUBREL is owed). */

export type Qos = 0 | 1 | 2

/** As it was said. */
export interface Said {
  topic: string
  payload: Uint8Array | string
  qos: Qos
}

/** As it is kept. */
export interface Message extends Said {
  payload: Buffer | string
}

export interface Queued extends Message {
  /** What was retained when its client subscribed; all else is news [MQTT-3.3.1-8, -9]. */
  retain: boolean
  /** Counts up over all sessions: the order of arrival. */
  seq: number
  messageId: number | undefined
  /** QoS 2: the client has the message, and is owed the PUBREL. */
  released: boolean
  /** Sent before, on an earlier connection. */
  dup: boolean
  /** How aedes calls it. */
  origin?: { brokerId: string | undefined; brokerCounter: number | undefined }
}

export interface Subscription {
  topic: string
  qos: Qos
}

export interface Session {
  client: string
  /** When it was last known to be connected, epoch ms. */
  seenMs: number
  subscriptions: Map<string, Subscription>
  inFlight: Queued[]
  inFlightBytes: number
  /** Packet identifiers that are in use. */
  identifiers: Set<number>
  waiting: Map<number, Queued>
  /** Its client is here. */
  connected: boolean
  /** The queue has overflown, and is still at least half full. */
  overflown: boolean
}

export interface Match {
  clientId: string
  topic: string
  qos: Qos
}

export const sessionsLimit = 20_000
/** A client that makes up a new id each time leaves a session behind each time: the oldest goes. */
export const sessionsOfUserLimit = 16
/** Of one client, remembered or not: a gateway with a thousand children listens for two topics of each. */
export const subscriptionsLimit = 2_048
/** Messages that wait for one client; what comes later is dropped, so that what it gets has one gap, at the end. */
export const queueLimit = 10_000
/** Of all queues together. */
export const queuedLimitBytes = 256 * 1024 * 1024
/** Topics whose subscribers are remembered. */
const knownTopicsLimit = 20_000

const nobody: readonly Match[] = []

export interface SessionsOptions {
  record: (write: Write) => void
  /** A message found no room in the queue of a client. */
  onDropped: (session: Session, first: boolean) => void
  onEvicted: (session: Session) => void
  queueLimit?: number
}

export class Sessions {
  readonly #options: SessionsOptions
  readonly #queueLimit: number
  readonly #sessions = new Map<string, Session>()
  readonly #ofUser = new Map<string, Set<Session>>()
  readonly #filters = new TopicFilters<Match>()
  readonly #known = new Map<string, readonly Match[]>()
  #subscriptions = 0
  #queued = 0
  #queuedBytes = 0
  #seq = 0
  /** Told of every session whose queue has changed. */
  onChange: (session: Session) => void = () => {}

  constructor(options: SessionsOptions) {
    this.#options = options
    this.#queueLimit = options.queueLimit ?? queueLimit
  }

  get count(): number {
    return this.#sessions.size
  }

  /** Subscriptions with a QoS above 0: those that messages are kept for. */
  get subscriptionCount(): number {
    return this.#subscriptions
  }

  get queued(): { count: number; bytes: number } {
    return { count: this.#queued, bytes: this.#queuedBytes }
  }

  get(client: string): Session | undefined {
    return this.#sessions.get(client)
  }

  all(): IterableIterator<Session> {
    return this.#sessions.values()
  }

  /** Who of the sessions is to have a message on this topic, one entry a subscription. Remembered per topic: the
   *  answer is needed for every message and changes with subscriptions only. */
  subscribed(topic: string): readonly Match[] {
    if (this.#subscriptions === 0) return nobody
    const known = this.#known.get(topic)
    if (known) return known
    if (this.#known.size >= knownTopicsLimit) this.#known.clear()
    const found = this.#filters.match(topic)
    this.#known.set(topic, found)
    return found
  }

  /** The session of a client, made now if there is none; nothing when there is no room for one more. */
  open(client: string, nowMs: number): Session | undefined {
    const known = this.#sessions.get(client)
    if (known || this.#sessions.size >= sessionsLimit) return known
    const session = emptySession(client, nowMs)
    this.#enter(session)
    this.#options.record(['session', client, nowMs])
    return session
  }

  /** Throws when there is no room. */
  subscribe(client: string, subscriptions: readonly Subscription[], nowMs: number): void {
    const session = this.open(client, nowMs)
    if (!session) throw new Error(`the broker keeps ${sessionsLimit} sessions`)
    for (const subscription of subscriptions) {
      const { topic, qos } = subscription
      const before = session.subscriptions.get(topic)
      if (!before && session.subscriptions.size >= subscriptionsLimit)
        throw new Error(`a session may have ${subscriptionsLimit} subscriptions`)
      session.subscriptions.set(topic, { ...subscription })
      if (before?.qos !== qos) this.#options.record(['subscribe', client, topic, qos])
      this.#listen(client, before, subscription)
    }
  }

  unsubscribe(client: string, filters: readonly string[]): void {
    const session = this.#sessions.get(client)
    for (const filter of filters) {
      const before = session?.subscriptions.get(filter)
      if (!before) continue
      session?.subscriptions.delete(filter)
      this.#options.record(['unsubscribe', client, filter])
      this.#listen(client, before, undefined)
    }
  }

  /** Everything about the client is forgotten; true when there was something. */
  forget(client: string): boolean {
    const session = this.#sessions.get(client)
    if (!session) return false
    for (const before of session.subscriptions.values()) this.#listen(client, before, undefined)
    for (const queued of [...session.inFlight, ...session.waiting.values()]) this.#count(queued, -1)
    this.#sessions.delete(client)
    const user = userOf(client)
    const own = this.#ofUser.get(user)
    own?.delete(session)
    if (own?.size === 0) this.#ofUser.delete(user)
    this.#options.record(['forget', client])
    return true
  }

  seen(session: Session, nowMs: number): void {
    session.seenMs = nowMs
    this.#options.record(['session', session.client, nowMs])
  }

  /** A message for everyone that subscribed to its topic, once for each, at the highest QoS of its subscriptions. */
  queueFor(matches: readonly Match[], message: Said, origin?: Queued['origin']): void {
    const [first, second] = matches
    if (first && !second) return void this.queue(first.clientId, lowered(message, first.qos), origin)
    const highest = new Map<string, Qos>()
    for (const { clientId, qos } of matches)
      if (qos > (highest.get(clientId) ?? 0)) highest.set(clientId, qos)
    for (const [clientId, qos] of highest) this.queue(clientId, lowered(message, qos), origin)
  }

  /** A message for one client. False when there is no room. */
  queue(client: string, message: Said & { retain?: boolean }, origin?: Queued['origin']): boolean {
    const session = this.open(client, 0)
    if (!session) return false
    if (!this.hasRoom(session)) {
      this.#options.onDropped(session, !session.overflown)
      session.overflown = true
      return false
    }
    const seq = ++this.#seq
    const { topic, qos, retain = false } = message
    const payload = ownPayload(message.payload)
    const queued = { topic, payload, qos, retain, seq, messageId: undefined, released: false, dup: false }
    session.waiting.set(seq, origin ? { ...queued, origin } : queued)
    this.#count(queued, 1)
    this.#options.record(queueing(client, queued))
    this.onChange(session)
    return true
  }

  hasRoom({ waiting }: Session): boolean {
    return waiting.size < this.#queueLimit && this.#queuedBytes < queuedLimitBytes
  }

  /** The message goes out under this packet identifier. */
  sent(session: Session, queued: Queued, messageId: number): void {
    queued.messageId = messageId
    session.identifiers.add(messageId)
    if (session.waiting.delete(queued.seq)) {
      session.inFlight.push(queued)
      session.inFlightBytes += queued.payload.length
    }
    // A lost identifier of QoS 1 costs nothing: the message goes out again under another.
    if (queued.qos === 2) this.#options.record(['send', messageId, queued.seq])
  }

  /** PUBREC: the client has the message; false when nothing is known of it. */
  release(client: string, messageId: number): boolean {
    const queued = this.#sessions.get(client)?.inFlight.find((one) => one.messageId === messageId)
    if (!queued) return false
    queued.released = true
    this.#options.record(['release', queued.seq])
    return true
  }

  /** PUBACK or PUBCOMP. */
  acknowledge(client: string, messageId: number): Queued | undefined {
    const session = this.#sessions.get(client)
    const at = session?.inFlight.findIndex((queued) => queued.messageId === messageId) ?? -1
    const [queued] = at < 0 ? [] : (session?.inFlight.splice(at, 1) ?? [])
    if (!session || !queued) return undefined
    if (session.waiting.size < this.#queueLimit / 2) session.overflown = false
    session.inFlightBytes -= queued.payload.length
    session.identifiers.delete(messageId)
    this.#count(queued, -1)
    this.#options.record(['acknowledge', queued.seq])
    this.onChange(session)
    return queued
  }

  /** As it was on disk. */
  restore(session: Session): void {
    this.#enter(session)
    for (const subscription of session.subscriptions.values())
      this.#listen(session.client, undefined, subscription)
    for (const { messageId, payload } of session.inFlight) {
      if (messageId !== undefined) session.identifiers.add(messageId)
      session.inFlightBytes += payload.length
    }
    for (const queued of [...session.inFlight, ...session.waiting.values()]) {
      this.#count(queued, 1)
      this.#seq = Math.max(this.#seq, queued.seq)
    }
  }

  *everything(): Generator<Write> {
    for (const { client, seenMs, subscriptions, inFlight, waiting } of this.#sessions.values()) {
      yield ['session', client, seenMs]
      for (const { topic, qos } of subscriptions.values()) yield ['subscribe', client, topic, qos]
      for (const queued of [...inFlight, ...waiting.values()]) yield queueing(client, queued)
    }
  }

  #enter(session: Session): void {
    const user = userOf(session.client)
    const own = this.#ofUser.get(user) ?? new Set()
    this.#ofUser.set(user, own.add(session))
    this.#sessions.set(session.client, session)
    if (own.size <= sessionsOfUserLimit) return
    const [oldest] = [...own].filter(({ connected }) => !connected).sort((a, b) => a.seenMs - b.seenMs)
    if (!oldest || oldest === session) return
    this.forget(oldest.client)
    this.#options.onEvicted(oldest)
  }

  #listen(client: string, before: Subscription | undefined, now: Subscription | undefined): void {
    this.#known.clear()
    if (before && before.qos > 0) {
      this.#filters.remove(before.topic, client)
      this.#subscriptions--
    }
    if (!now || now.qos === 0) return
    this.#filters.add(now.topic, client, { ...now, clientId: client })
    this.#subscriptions++
  }

  #count({ topic, payload }: Message, sign: 1 | -1): void {
    this.#queued += sign
    this.#queuedBytes += sign * (topic.length + payload.length)
  }
}

/** A subscriber gets the lower QoS of the two [MQTT-3.8.4-6]. */
function lowered(message: Said, qos: Qos): Said {
  const { topic, payload } = message
  return { topic, payload, qos: qos < message.qos ? qos : message.qos }
}

export function emptySession(client: string, seenMs: number): Session {
  return {
    client,
    seenMs,
    subscriptions: new Map(),
    inFlight: [],
    inFlightBytes: 0,
    identifiers: new Set(),
    waiting: new Map(),
    connected: false,
    overflown: false,
  }
}

function queueing(client: string, queued: Queued): Write {
  const { seq, topic, qos, retain, payload, messageId, released } = queued
  const flags = [retain ? 1 : 0, released ? 1 : 0]
  return ['queue', seq, client, topic, qos, bytesOf(payload), messageId ?? null, ...flags]
}

/** Kept for long: not as a slice of a socket's buffer. */
export function ownPayload(payload: Uint8Array | string): Buffer | string {
  return typeof payload === 'string' ? payload : bytesOf(payload)
}

/** In a buffer of its own: a slice would keep the whole it was cut from, and take it along to another thread. */
export function bytesOf(payload: Uint8Array | string): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
  if (Buffer.isBuffer(bytes) && bytes.byteLength === bytes.buffer.byteLength) return bytes
  const own = Buffer.allocUnsafeSlow(bytes.byteLength)
  own.set(bytes)
  return own
}
