import { Socket } from 'node:net'
import type { AuthenticateError, Client, ConnectPacket } from 'aedes'
import type { Principal } from '../estate/principal.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Refusals } from './refusals.ts'

/** Who comes in: a connection says who it is, and stays that one for as long as it lives. */

const authenticateLimitMs = 5_000
const tcpKeepAliveMs = 60_000

/** Return codes of CONNACK [MQTT-3.2.2.3]. */
const serverUnavailable = 3
const badCredentials = 4

export interface DoorOptions {
  verify: (username: string, password: Buffer) => Promise<Principal | undefined>
  refusals: Refusals
  clock: Clock
  logger: Log
}

type Answer = (error: AuthenticateError | null, success: boolean | null) => void

export class Door {
  readonly #options: DoorOptions
  readonly #principals = new WeakMap<Client, Principal>()

  constructor(options: DoorOptions) {
    this.#options = options
  }

  /** Who is connected there; nobody before it has said so. */
  principalOf(client: Client): Principal | undefined {
    return this.#principals.get(client)
  }

  /** The client id is free, and a session belongs to a user: nobody takes over another one's by its name. */
  greet(client: Client, packet: ConnectPacket): void {
    packet.clientId = `${packet.username ?? ''}:${packet.clientId}`
    if (!(client.conn instanceof Socket)) return
    client.conn.setKeepAlive(true, tcpKeepAliveMs)
    client.conn.setNoDelay(true)
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
      if (principal) {
        this.#principals.set(client, principal)
        return done(null, true)
      }
      refusals.connection('bad-credentials', { username })
      done(refusal('bad user name or password', badCredentials), false)
    } catch (cause) {
      logger.error({ err: cause }, 'a device could not be authenticated')
      done(refusal('server unavailable', serverUnavailable), false)
    } finally {
      cancel()
    }
  }
}

function refusal(message: string, returnCode: number): AuthenticateError {
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- aedes declares the codes but does not export them
  return Object.assign(new Error(message), { returnCode })
}
