import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Entrance } from './entrances.ts'
import { fromGenerator, type FromGenerator, type ToGenerator } from './load-messages.ts'

/** The load generator as the benchmark sees it: what it was told to offer, and what it has sent and had
 *  acknowledged, over time. */

export interface LoadOptions {
  port: number
  entrances: readonly Entrance[]
  passwords: Readonly<Record<string, string>>
}

/** A fixed rate a second, and how many readings in all; without either, no such limit. */
export interface Offer {
  ratePerS?: number
  upTo?: number
}

type Count = Extract<FromGenerator, { type: 'count' }>

/** Unacknowledged messages a connection may have. */
const window = 16
/** Counts come every 20 ms. */
const quietCounts = 5

export class Load {
  readonly #options: LoadOptions
  readonly #opened = Promise.withResolvers<void>()
  readonly #counts: Count[] = []
  #child: ChildProcess | undefined
  #trouble: string | undefined

  constructor(options: LoadOptions) {
    this.#options = options
  }

  /** Resolves when every entrance is connected. */
  async start(): Promise<void> {
    const child = fork(join(import.meta.dirname, 'load-generator.ts'), { env: withoutProfiling() })
    this.#child = child
    child.on('message', (raw) => this.#receive(fromGenerator.parse(raw)))
    child.on('exit', (code) => this.#fail(`the load generator ended with ${code}`))
    const { port, entrances, passwords } = this.#options
    this.#tell({ type: 'open', port, entrances: [...entrances], passwords: { ...passwords }, window })
    await this.#opened.promise
  }

  offer({ ratePerS, upTo }: Offer): void {
    this.#tell({ type: 'offer', ratePerS: ratePerS ?? null, upTo: upTo ?? null })
  }

  /** The latest count; throws once a connection is lost. */
  get now(): { sent: number; acknowledged: number } {
    if (this.#trouble !== undefined) throw new Error(this.#trouble)
    return this.#counts.at(-1) ?? { sent: 0, acknowledged: 0 }
  }

  /** True when everything sent is acknowledged, and nothing was sent for a while. */
  get quiet(): boolean {
    const { sent, acknowledged } = this.now
    return sent === acknowledged && this.#counts.at(-quietCounts)?.sent === sent
  }

  /** When the count of sent readings reached `number`, epoch ms; now if it has not yet. */
  sentAtMs(number: number): number {
    const index = this.#counts.findLastIndex(({ sent }) => sent < number)
    return this.#counts[index + 1]?.atMs ?? this.#counts.at(-1)?.atMs ?? 0
  }

  /** PUBLISH to PUBACK of a sample of the messages since `fromMs`, ms. */
  pubackMs(fromMs: number): number[] {
    return this.#counts.filter(({ atMs }) => atMs >= fromMs).flatMap((count) => count.pubackMs)
  }

  stop(): void {
    this.#child?.removeAllListeners('exit')
    this.#child?.kill('SIGKILL')
  }

  #tell(message: ToGenerator): void {
    this.#child?.send(message)
  }

  #receive(message: FromGenerator): void {
    switch (message.type) {
      case 'opened':
        return this.#opened.resolve()
      case 'count':
        this.#counts.push(message)
        return
      case 'lost':
        return this.#fail(message.reason)
    }
  }

  #fail(reason: string): void {
    this.#trouble ??= reason
    this.#opened.reject(new Error(reason))
  }
}

function withoutProfiling(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...environment } = process.env
  return environment
}
