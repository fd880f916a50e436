import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { Aedes } from 'aedes'
import { decode } from '../firmware-contracts/decode.ts'
import type { Message } from '../firmware-contracts/message.ts'

/** A broker that takes what it is given, and can be cut off in mid-sentence and started again. */
export class TestBroker {
  port = 0
  readonly heard: Message[] = []
  readonly users = new Set<string>()
  #server: Server | undefined
  #aedes: Aedes | undefined
  readonly #sockets = new Set<Socket>()

  async start(): Promise<void> {
    const aedes = await Aedes.createBroker()
    aedes.authenticate = (_, username, password, done) => {
      this.users.add(username ?? '')
      done(null, password?.toString() === `secret of ${username}`)
    }
    aedes.authorizePublish = (_, packet, done) => {
      this.#hear(packet.topic, Buffer.from(packet.payload))
      done(null)
    }
    const server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => this.#sockets.delete(socket))
      aedes.handle(socket)
    })
    server.listen(this.port, '127.0.0.1')
    await once(server, 'listening')
    const address: AddressInfo | string | null = server.address()
    if (typeof address === 'object' && address) this.port = address.port
    this.#server = server
    this.#aedes = aedes
  }

  #hear(topic: string, payload: Uint8Array): void {
    const decoded = decode(topic, payload)
    if (decoded.ok) this.heard.push(decoded.message)
  }

  async stop(): Promise<void> {
    const closed = this.#server && once(this.#server, 'close')
    this.#server?.close()
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
    await closed
    await new Promise<void>((resolve) => {
      if (this.#aedes) this.#aedes.close(() => resolve())
      else resolve()
    })
  }

  /** Numbers heard of a device's readings, each once. */
  numbers(device: string): number[] {
    const seen = this.heard.flatMap((message) => {
      if (message.type === 'readings' && message.address.device === device)
        return message.readings.map(({ seq }) => seq)
      return message.type === 'birth' && message.address.device === device ? [message.birth.seq] : []
    })
    return [...new Set(seen)].sort((a, b) => a - b)
  }
}
