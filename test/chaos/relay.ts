import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** The line between devices and the broker, to be cut and healed: plain TCP, byte for byte. */
export class Relay {
  readonly #target: { host: string; port: number }
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #down = false

  constructor(target: { host: string; port: number }) {
    this.#target = target
  }

  /** Resolves with its address. */
  async start(): Promise<string> {
    const server = createServer((near) => this.#join(near))
    this.#server = server
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address: AddressInfo | string | null = server.address()
    if (typeof address !== 'object' || !address) throw new Error('the relay has no port')
    return `mqtt://127.0.0.1:${address.port}`
  }

  /** Every connection ends without a word; none is made until `heal`. */
  cut(): void {
    this.#down = true
    for (const socket of this.#sockets) socket.destroy()
  }

  heal(): void {
    this.#down = false
  }

  async stop(): Promise<void> {
    this.cut()
    const server = this.#server
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  #join(near: Socket): void {
    if (this.#down) return void near.destroy()
    const far = connect(this.#target.port, this.#target.host)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one)
      one.setNoDelay(true)
      one.on('error', () => one.destroy())
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  }
}
