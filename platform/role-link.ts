import { z } from 'zod'

/** How a role talks to whoever started it: the supervisor over IPC, or a bare terminal.
 *
 *  A role announces where it listens and that it is ready, answers questions about itself (`health`,
 *  `metrics`), may put such a question to all roles at once, and may ask for a role to be started on first
 *  use. Readings never travel here: they go through MQTT, the intake log and the databases. */
export interface RoleLink {
  /** A line for the operator, on standard output. */
  announce(line: string): void
  listening(name: 'mqtt' | 'http', url: string): void
  ready(): void
  /** How this process answers `topic`; one answerer a topic. */
  answer(topic: string, answerer: () => Promise<unknown>): void
  /** The answers of every role that runs, this one included; left out is who has none, or is silent for 2 s. */
  gather(topic: string): Promise<readonly RoleAnswer[]>
  /** Resolves when `role` runs and is ready; rejects when it cannot be started. */
  ensure(role: string): Promise<void>
}

export interface RoleAnswer {
  role: string
  body: unknown
}

const answer = z.object({ role: z.string(), body: z.unknown() })

/** Role -> supervisor. */
export const fromRole = z.discriminatedUnion('type', [
  z.object({ type: z.literal('announce'), line: z.string() }),
  z.object({ type: z.literal('listening'), name: z.enum(['mqtt', 'http']), url: z.string() }),
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('answer'), id: z.number(), body: z.unknown() }),
  z.object({ type: z.literal('gather'), id: z.number(), topic: z.string() }),
  z.object({ type: z.literal('ensure'), id: z.number(), role: z.string() }),
])
export type FromRole = z.infer<typeof fromRole>

/** Supervisor -> role. */
export const toRole = z.discriminatedUnion('type', [
  z.object({ type: z.literal('question'), id: z.number(), topic: z.string() }),
  z.object({ type: z.literal('gathered'), id: z.number(), answers: z.array(answer) }),
  z.object({ type: z.literal('ensured'), id: z.number(), error: z.string().optional() }),
  z.object({ type: z.literal('stop') }),
])
export type ToRole = z.infer<typeof toRole>

/** Links this process to its supervisor where there is one. `onStop` is called when it is told to end, or
 *  when the supervisor itself is gone: a role never outlives it. */
export function linkRole(role: string, onStop: () => void): RoleLink {
  return process.send ? new SupervisedLink(role, onStop) : new LoneLink(role)
}

class LoneLink implements RoleLink {
  readonly #role: string
  readonly #answerers = new Map<string, () => Promise<unknown>>()

  constructor(role: string) {
    this.#role = role
  }

  announce(line: string): void {
    process.stdout.write(`${line}\n`)
  }

  listening(name: string, url: string): void {
    this.announce(`listening ${name} ${url}`)
  }

  ready(): void {
    this.announce('ready')
  }

  answer(topic: string, answerer: () => Promise<unknown>): void {
    this.#answerers.set(topic, answerer)
  }

  async gather(topic: string): Promise<readonly RoleAnswer[]> {
    const answerer = this.#answerers.get(topic)
    return answerer ? [{ role: this.#role, body: await answerer() }] : []
  }

  ensure(role: string): Promise<void> {
    return Promise.reject(new Error(`${role} needs the supervisor: run "npm start"`))
  }
}

interface Waiting {
  resolve: (message: ToRole) => void
  reject: (cause: Error) => void
}

class SupervisedLink implements RoleLink {
  readonly #role: string
  readonly #onStop: () => void
  readonly #answerers = new Map<string, () => Promise<unknown>>()
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1

  constructor(role: string, onStop: () => void) {
    this.#role = role
    this.#onStop = onStop
    process.on('message', (raw) => this.#receive(toRole.parse(raw)))
    process.on('disconnect', onStop)
  }

  announce(line: string): void {
    send({ type: 'announce', line })
  }

  listening(name: 'mqtt' | 'http', url: string): void {
    send({ type: 'listening', name, url })
  }

  ready(): void {
    send({ type: 'ready' })
  }

  answer(topic: string, answerer: () => Promise<unknown>): void {
    this.#answerers.set(topic, answerer)
  }

  async gather(topic: string): Promise<readonly RoleAnswer[]> {
    const reply = await this.#request((id) => ({ type: 'gather', id, topic }))
    return reply.type === 'gathered' ? reply.answers.filter(({ body }) => body !== null) : []
  }

  async ensure(role: string): Promise<void> {
    const reply = await this.#request((id) => ({ type: 'ensure', id, role }))
    if (reply.type === 'ensured' && reply.error !== undefined) throw new Error(reply.error)
  }

  #request(message: (id: number) => FromRole): Promise<ToRole> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      send(message(id))
    })
  }

  #receive(message: ToRole): void {
    if (message.type === 'stop') this.#onStop()
    else if (message.type === 'question') void this.#reply(message.id, message.topic)
    else {
      this.#waiting.get(message.id)?.resolve(message)
      this.#waiting.delete(message.id)
    }
  }

  async #reply(id: number, topic: string): Promise<void> {
    const answerer = this.#answerers.get(topic)
    try {
      send({ type: 'answer', id, body: (await answerer?.()) ?? null })
    } catch (cause) {
      send({ type: 'answer', id, body: { ok: false, detail: `${this.#role}: ${String(cause)}` } })
    }
  }
}

/** A supervisor that is gone cannot be told anything; `disconnect` has ended this role already. */
function send(message: FromRole): void {
  if (process.connected) process.send?.(message)
}
