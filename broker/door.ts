import { randomUUID } from 'node:crypto'
import { Socket } from 'node:net'
import type { AuthenticateError, Client, ConnectPacket } from 'aedes'
import type { Principal } from '../estate/principal.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { mayPublish } from './permissions.ts'
import type { Refusals } from './refusals.ts'

/** Who comes in: a connection says who it is, and stays that one for as long as it lives. */

const authenticateLimitMs = 5_000
/** Devices let in per second while their messages cannot be kept: each would only be thrown out again. */
const admittedPerS = 20
const tcpKeepAliveMs = 60_000

/** Return codes of CONNACK [MQTT-3.2.2.3]. */
const serverUnavailable = 3
const badCredentials = 4
const notAuthorized = 5

export interface DoorOptions {
  verify: (username: string, password: Buffer) => Promise<Principal | undefined>
  /** False while publishes are refused. Services come in all the same: ingest has to, to make room. */
  takesMessages: () => boolean
  refusals: Refusals
  clock: Clock
  logger: Log
}

type Answer = (error: AuthenticateError | null, success: boolean | null) => void

export class Door {
  readonly #options: DoorOptions
  readonly #principals = new WeakMap<Client, Principal>()
  #admitted = { second: 0, count: 0 }
  readonly #willTopics = new WeakMap<Client, string>()
  /** User -> connections. */
  readonly #here = new Map<string, Set<Client>>()

  constructor(options: DoorOptions) {
    this.#options = options
  }

  /** Who is connected there; nobody before it has said so. */
  principalOf(client: Client): Principal | undefined {
    return this.#principals.get(client)
  }

  /** The client id is free, and a session belongs to a user: nobody takes over another one's by its name. Who has
   *  none gets one of its own [MQTT-3.1.3-6]. */
  greet(client: Client, packet: ConnectPacket): void {
    packet.clientId = `${packet.username ?? ''}:${packet.clientId || randomUUID()}`
    if (packet.will) this.#willTopics.set(client, packet.will.topic)
    if (!(client.conn instanceof Socket)) return
    client.conn.setKeepAlive(true, tcpKeepAliveMs)
    client.conn.setNoDelay(true)
  }

  /** Connected, and let in. */
  came(client: Client): void {
    const user = userOf(client.id)
    this.#here.set(user, (this.#here.get(user) ?? new Set()).add(client))
  }

  left(client: Client): void {
    const user = userOf(client.id)
    const own = this.#here.get(user)
    own?.delete(client)
    if (own?.size === 0) this.#here.delete(user)
  }

  /** Whether this client is connected. */
  isHere(clientId: string): boolean {
    const own = [...(this.#here.get(userOf(clientId)) ?? [])]
    return own.some(({ id, closed }) => id === clientId && !closed)
  }

  /** Whether its user is, be it under another client id. */
  isUserHere(clientId: string): boolean {
    return this.#here.has(userOf(clientId))
  }

  async authenticate(
    client: Client,
    { username, password }: { username: string | undefined; password: Buffer | undefined },
    done: Answer,
  ): Promise<void> {
    const { verify, refusals, clock, logger } = this.#options
    const late = Promise.withResolvers<never>()
    const cancel = clock.after(authenticateLimitMs, () =>
      late.reject(new Error('credentials could not be read in time')),
    )
    try {
      const principal = await Promise.race([
        verify(username ?? '', password ?? Buffer.alloc(0)),
        late.promise,
      ])
      if (principal) return this.#admit(client, principal, done)
      refusals.connection('bad-credentials', { username })
      done(refusal('bad user name or password', badCredentials), false)
    } catch (cause) {
      logger.error({ err: cause }, 'a device could not be authenticated')
      done(refusal('server unavailable', serverUnavailable), false)
    } finally {
      cancel()
    }
  }

  /** A will is spoken when nobody is there to be asked: what it may not say is refused now. */
  #admit(client: Client, principal: Principal, done: Answer): void {
    const will = this.#willTopics.get(client)
    const verdict = will === undefined ? undefined : mayPublish(principal, will)
    if (verdict?.allowed === false) {
      this.#options.refusals.connection('will-not-allowed', { client: client.id, will })
      return done(refusal('not authorized', notAuthorized), false)
    }
    if (principal.type === 'device' && !this.#hasRoom()) {
      this.#options.refusals.count('log-full')
      return done(refusal('the intake log is full', serverUnavailable), false)
    }
    this.#principals.set(client, principal)
    done(null, true)
  }

  #hasRoom(): boolean {
    const { takesMessages, clock } = this.#options
    if (takesMessages()) return true
    const second = Math.floor(clock.now() / 1_000)
    if (second !== this.#admitted.second) this.#admitted = { second, count: 0 }
    return ++this.#admitted.count <= admittedPerS
  }
}

/** The user of a client: what `greet` put before its id. */
export function userOf(clientId: string): string {
  return clientId.slice(0, clientId.indexOf(':'))
}

function refusal(message: string, returnCode: number): AuthenticateError {
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- aedes declares the codes but does not export them
  return Object.assign(new Error(message), { returnCode })
}
