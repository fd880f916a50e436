import { Counter, Gauge } from 'prom-client'
import type { Clock } from '../platform/clock.ts'
import { openIntakeReader } from '../platform/intake-reader.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { IncomingMessages } from './incoming-messages.ts'
import type { Write } from './memory-exchange.ts'
import { MemoryFile } from './memory-file.ts'
import { openMemory, type MemoryRows } from './memory-rows.ts'
import { RetainedMessages } from './retained-messages.ts'
import {
  bytesOf,
  emptySession,
  ownPayload,
  Sessions,
  type Message,
  type Said,
  type Session,
} from './sessions.ts'

/** What the broker must not forget: sessions and their queues, retained messages, wills.
 *
 *  Memory is what counts while the broker runs, `broker.db` is what is left when it does not. What a message does
 *  to memory (its effects) happens in `take`, in the order of the intake log, between the moment it is in the log
 *  and its PUBACK. Nobody waits for `broker.db` then: the cursor there says up to where the effects are on disk,
 *  and after a crash the rest of the log is taken again. So each message has its effects once, exactly.
 *
 *  What MQTT 3.1.1 promises, and when it is on disk:
 *  - a PUBACK or PUBREC to a device: its message is in the log, and its effects follow from it;
 *  - a PUBACK to a service, whose messages are in no log: the effects themselves (`durable`);
 *  - SUBACK, UNSUBACK: the subscriptions; CONNACK: the will, and with clean session 1 that the old state is gone;
 *  - PUBREC for a QoS 2 message: that it was received; before a QoS 2 message goes out: its identifier; before
 *    PUBREL: that the client has it. A PUBACK of a client is recorded and not waited for: at worst its message
 *    comes once more, which QoS 1 allows.
 *  A will is kept until its client says goodbye or it was spoken: if the broker dies first, it is spoken a minute
 *  after the next start, unless the user of that client has come back by then. So is one that the log refuses: it
 *  is brought again every minute.
 *  QoS 0 is not queued for who is away ([MQTT-3.1.2-5] leaves it open). */

/** A session of who was not seen for so long is forgotten. */
export const sessionExpiryMs = 30 * 24 * 3_600_000
/** Messages of the log taken again at a time. */
const stretchLimit = 5_000
/** Wills kept, with those of who is connected; beyond it none is put off that could not be spoken. */
export const willsLimit = 20_000
/** In the place of the run of a broker. */
const noRun = ''

export interface Taken extends Message {
  retain: boolean
}

export interface Will extends Taken {
  clientId: string
  /** The run of the broker that the client was connected to; of none, if it is gone and its will not yet spoken. */
  brokerId: string
}

export interface BrokerMemoryOptions {
  file: string
  /** The effects of everything up to there are on disk. */
  onCursor: (position: number) => void
  /** Messages that may wait for one client; 10,000 unless told. */
  queueLimit?: number
  clock: Clock
  logger: Log
  metrics: Metrics
}

export class BrokerMemory {
  readonly sessions: Sessions
  readonly incoming: IncomingMessages
  readonly retained = new RetainedMessages<Taken>()
  readonly #wills = new Map<string, Will>()
  readonly #options: BrokerMemoryOptions
  readonly #file: MemoryFile
  readonly #dropped: Counter
  /** One of `dropped`: a full queue is met by every message. */
  readonly #full: Counter.Internal
  readonly #damaged: Counter
  #retainedFull = false

  constructor(options: BrokerMemoryOptions) {
    this.#options = options
    const { file, clock, logger, metrics, onCursor, queueLimit } = options
    const everything = () => this.#everything()
    this.#file = new MemoryFile({ file, everything, onCursor, clock, logger, metrics })
    const record = (write: Write) => this.#file.record(write)
    this.incoming = new IncomingMessages(record)
    this.sessions = new Sessions({
      record,
      onDropped: (session, first) => this.#droppedFor(session, first),
      onEvicted: (session) => this.#evicted(session),
      ...(queueLimit !== undefined && { queueLimit }),
    })
    this.#dropped = new Counter({
      name: 'estate_broker_dropped_total',
      help: 'messages without room in a queue or among the retained, and sessions beyond those of a user',
      labelNames: ['reason'],
      registers: [metrics],
    })
    this.#full = this.#dropped.labels('queue-full')
    this.#damaged = new Counter({
      name: 'estate_broker_memory_damaged_total',
      help: 'times the file of sessions and retained messages was damaged and moved aside',
      registers: [metrics],
    })
    showCounts(this, metrics)
  }

  /** Reads what is on disk, and takes again what the log holds beyond it. */
  async start(intakeFile: string): Promise<void> {
    const { file, clock, logger } = this.#options
    const { rows, damage } = openMemory(file, clock.now())
    if (damage) this.#damaged.inc()
    if (damage) logger.error(damage, 'sessions and retained messages were damaged: begun anew')
    await this.#file.start()
    const again = await this.#catchUp(intakeFile, this.#restore(rows))
    const [sessions, retained] = [this.sessions.count, this.retained.count]
    logger.info({ sessions, retained, again }, 'the broker remembers')
  }

  async stop(): Promise<void> {
    await this.#file.stop()
  }

  health(): { ok: boolean; detail: string } {
    return this.#file.health()
  }

  /** The effects of one message, with its position if it came through the log. True when it had any. */
  take(message: Said & { retain: boolean }, position?: number): boolean {
    const { topic, qos, retain } = message
    const matches = qos > 0 ? this.sessions.subscribed(topic) : []
    if (matches.length > 0) this.sessions.queueFor(matches, message)
    if (retain) this.retain({ topic, qos, retain, payload: ownPayload(message.payload) })
    if (position !== undefined) this.#file.moveCursor(position)
    return retain || matches.length > 0
  }

  /** Resolves when every change until now is on disk; rejects when the disk does not take it. */
  durable(): Promise<void> {
    return this.#file.durable()
  }

  /** True when the disk is behind: who can wait for `durable` should. */
  get crowded(): boolean {
    return this.#file.crowded
  }

  /** The last word on its topic; an empty one means that there is none [MQTT-3.3.1-10]. */
  retain(message: Taken): void {
    const { topic, qos, payload } = message
    const empty = payload.length === 0
    const kept = !empty && this.retained.put(message)
    if (empty) this.retained.remove(topic)
    this.#file.record(kept ? ['retain', topic, qos, bytesOf(payload)] : ['unretain', topic])
    if (kept || empty) return
    this.#dropped.inc({ reason: 'retained-full' })
    if (!this.#retainedFull) this.#options.logger.error({ topic }, 'no room for more retained messages')
    this.#retainedFull = true
  }

  wills(): Iterable<Will> {
    return this.#wills.values()
  }

  get willCount(): number {
    return this.#wills.size
  }

  will(client: string): Will | undefined {
    return this.#wills.get(client)
  }

  putWill(will: Will): void {
    this.#wills.set(will.clientId, will)
    this.#file.record(willing(will))
  }

  /** The will could not be spoken, and is one of the lost from now on. False when there are too many. */
  leaveWill(client: string): boolean {
    const will = this.#wills.get(client)
    if (!will || this.#wills.size > willsLimit) return false
    this.putWill({ ...will, brokerId: noRun })
    return true
  }

  deleteWill(client: string): void {
    if (this.#wills.delete(client)) this.#file.record(['forgetWill', client])
  }

  /** The session of a client that asked for one; nothing when there are too many. */
  openSession(client: string): Session | undefined {
    return this.sessions.open(client, this.#options.clock.now())
  }

  /** The client of a session is here, or was until now. */
  seen(session: Session): void {
    this.sessions.seen(session, this.#options.clock.now())
  }

  /** Forgets the sessions of clients that have been away too long; those here are seen now. */
  expire(): void {
    const { clock, logger } = this.#options
    const nowMs = clock.now()
    for (const session of this.sessions.all()) {
      if (session.connected) this.sessions.seen(session, nowMs)
      else if (nowMs - session.seenMs > sessionExpiryMs) {
        logger.warn({ client: session.client }, 'a session was not used for too long and is forgotten')
        this.sessions.forget(session.client)
        this.incoming.forget(session.client)
      }
    }
  }

  #droppedFor({ client }: Session, first: boolean): void {
    this.#full.inc()
    if (first) this.#options.logger.warn({ client }, 'the queue of a session is full: messages are dropped')
  }

  #evicted({ client }: Session): void {
    this.incoming.forget(client)
    this.#dropped.inc({ reason: 'sessions-of-user' })
    this.#options.logger.warn({ client }, 'a session is forgotten: its user has made too many')
  }

  /** The cursor that was on disk; 0 before the first. */
  #restore({ sessions, subscriptions, queued, incoming, retained, wills, position }: MemoryRows): number {
    const restored = new Map(
      sessions.map(({ client, seenMs }) => [client, emptySession(client, seenMs)] as const),
    )
    for (const { client, ...subscription } of subscriptions)
      restored.get(client)?.subscriptions.set(subscription.topic, subscription)
    for (const { client, ...message } of queued) {
      const session = restored.get(client)
      if (message.messageId === undefined) session?.waiting.set(message.seq, message)
      else session?.inFlight.push(message)
    }
    for (const session of restored.values()) this.sessions.restore(session)
    for (const { client, ...packet } of incoming) this.incoming.restore(client, packet)
    // Those of a clean session ended with the broker.
    for (const { client } of incoming) if (!restored.has(client)) this.incoming.forget(client)
    for (const message of retained) this.retained.put({ ...message, retain: true })
    for (const will of wills) this.#wills.set(will.clientId, will)
    this.#file.moveCursor(position ?? 0)
    return position ?? 0
  }

  /** How many messages had to be taken again. */
  async #catchUp(intakeFile: string, cursor: number): Promise<number> {
    const log = openIntakeReader(intakeFile)
    let [at, again] = [cursor, 0]
    for (;;) {
      const messages = log.read(at, stretchLimit)
      for (const message of messages) this.take(message, message.position)
      at = messages.at(-1)?.position ?? at
      again += messages.length
      if (this.crowded) await this.durable().catch(() => {})
      if (messages.length > 0) continue
      log.close()
      return again
    }
  }

  *#everything(): Generator<Write> {
    yield* this.sessions.everything()
    yield* this.incoming.everything()
    for (const { topic, qos, payload } of this.retained.matching('#'))
      yield ['retain', topic, qos, bytesOf(payload)]
    for (const will of this.#wills.values()) yield willing(will)
  }
}

function willing({ clientId, brokerId, topic, qos, retain, payload }: Will): Write {
  return ['will', clientId, brokerId, topic, qos, retain ? 1 : 0, bytesOf(payload)]
}

function showCounts(memory: BrokerMemory, metrics: Metrics): void {
  const { sessions, retained } = memory
  const show = (name: string, help: string, count: () => number) => {
    const gauge: Gauge = new Gauge({ name, help, registers: [metrics], collect: () => gauge.set(count()) })
  }
  show('estate_broker_sessions', 'clients that are remembered', () => sessions.count)
  show('estate_broker_retained', 'topics with a retained message', () => retained.count)
  show('estate_broker_wills', 'wills of who is connected, and those not spoken yet', () => memory.willCount)
  show('estate_broker_queued', 'messages that wait for clients or their PUBACK', () => sessions.queued.count)
  show('estate_broker_queued_bytes', 'bytes of the same', () => sessions.queued.bytes)
}
