import { connect, type Socket } from 'node:net'
import { generate } from 'mqtt-packet'
import type { Entrance } from './entrances.ts'

/** One heating entrance on a raw socket, as cheap as it gets: its PUBLISH is made once by mqtt-packet, and for
 *  each reading only the digits that change are patched (packet id, sequence, time, last digits of the values);
 *  a PUBACK is four bytes, read by hand. It connects, publishes at QoS 1 and counts; nothing is sent again. */
export interface Credential {
  username: string
  password: string
}

interface Template {
  bytes: Buffer
  /** Offsets of what is patched. */
  id: number
  seq: number
  t: number
  values: readonly number[]
  /** The first sequence number that no longer fits. */
  seqLimit: number
}

/** Bytes of the first packet from a broker: CONNACK. */
const connackBytes = 4
const pubackBytes = 4
const puback = 0x40
const packetIds = 65_535
const zero = 48
const timeDigits = 13
const readBytes = 16 * 1024

/** All connections of a process read into the same buffer: what came is dealt with before the next read. */
const readBuffer = Buffer.allocUnsafe(readBytes)

export interface EntranceConnectionOptions {
  entrance: Entrance
  /** None for a broker that lets everybody in. */
  credential?: Credential
  port: number
  onAcknowledged: (connection: EntranceConnection, id: number) => void
  onLost: (reason: string) => void
}

export class EntranceConnection {
  unacknowledged = 0
  readonly #options: EntranceConnectionOptions
  readonly #accepted = Promise.withResolvers<void>()
  readonly #packet = Buffer.alloc(pubackBytes)
  #packetBytes = 0
  #connected = false
  #socket: Socket | undefined
  #template: Template
  #id = 0
  #seq = 0
  #t = 0

  constructor(options: EntranceConnectionOptions) {
    this.#options = options
    this.#template = templateOf(options.entrance, 1)
  }

  /** Resolves when the broker has accepted the connection. */
  async start(): Promise<void> {
    const { entrance, credential, port, onLost } = this.#options
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: readBuffer, callback: (bytes, buffer) => this.#receive(bytes, buffer) },
    })
    this.#socket = socket
    socket.on('error', (cause) => this.#accepted.reject(cause))
    socket.on('close', () => {
      this.#accepted.reject(new Error(`${entrance.device} was not let in`))
      onLost(`the connection of ${entrance.device} was closed`)
    })
    socket.write(
      generate({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        keepalive: 0,
        clientId: entrance.device,
        ...(credential && { username: credential.username, password: Buffer.from(credential.password) }),
      }),
    )
    await this.#accepted.promise
  }

  /** Sends the next reading and returns its packet id. Its time is the clock's, or 1 ms after the one before:
   *  in a history a series has one point a millisecond. */
  publish(nowMs: number): number {
    this.#seq++
    this.#id = (this.#id % packetIds) + 1
    this.#t = Math.max(nowMs, this.#t + 1)
    if (this.#seq >= this.#template.seqLimit) this.#template = templateOf(this.#options.entrance, this.#seq)
    const { bytes, id, seq, t, values } = this.#template
    bytes[id] = this.#id >> 8
    bytes[id + 1] = this.#id & 0xff
    digits(bytes, seq, this.#seq)
    digits(bytes, t, this.#t)
    for (const at of values) bytes[at] = zero + (this.#seq % 10)
    this.unacknowledged++
    const socket = this.#socket
    socket?.write(bytes)
    // Not yet in the kernel's hands: the next reading needs bytes of its own.
    if (socket && socket.writableLength > 0) this.#template = { ...this.#template, bytes: Buffer.from(bytes) }
    return this.#id
  }

  /** The time in the newest reading, epoch ms. */
  get t(): number {
    return this.#t
  }

  stop(): void {
    this.#socket?.removeAllListeners('close')
    this.#socket?.destroy()
  }

  #receive(bytes: number, buffer: Uint8Array): boolean {
    for (let at = 0; at < bytes; at++) {
      this.#packet[this.#packetBytes++] = buffer[at] ?? 0
      if (this.#packetBytes < pubackBytes) continue
      this.#packetBytes = 0
      if (this.#connected) this.#acknowledge()
      else this.#admit()
    }
    return true
  }

  #admit(): void {
    this.#connected = true
    const code = this.#packet[connackBytes - 1]
    if (code === 0) this.#accepted.resolve()
    else this.#accepted.reject(new Error(`${this.#options.entrance.device}: CONNACK with code ${code}`))
  }

  #acknowledge(): void {
    if (this.#packet[0] !== puback) return this.#options.onLost('a packet that is no PUBACK')
    this.unacknowledged--
    this.#options.onAcknowledged(this, this.#packet.readUInt16BE(2))
  }
}

/** The packet of a reading for all sequence numbers with as many digits as this one. */
function templateOf({ site, device }: Entrance, seq: number): Template {
  const t = 10 ** (timeDigits - 1)
  const payload =
    `{"c":"heat-entrance/1.0","b":1,"s":${seq},"t":${t},"k":"n","d":{"p_sup_kpa":350,"p_ret_kpa":220,` +
    `"dp_kpa":130,"t_sup_c10":550,"t_ret_c10":420,"flow_lph":12340}}`
  const bytes = generate({
    cmd: 'publish',
    topic: `est/1/${site}/heat-entrance/${device}/tele`,
    payload,
    qos: 1,
    messageId: 1,
    dup: false,
    retain: false,
  })
  const start = bytes.length - payload.length
  const endOf = (key: string) => payload.indexOf(`"${key}":`) + key.length + 3
  const lastDigitOf = (key: string) => start + payload.slice(endOf(key)).search(/[,}]/) + endOf(key) - 1
  return {
    bytes,
    id: start - 2,
    seq: lastDigitOf('s'),
    t: lastDigitOf('t'),
    values: ['p_sup_kpa', 'p_ret_kpa', 't_sup_c10', 'flow_lph'].map(lastDigitOf),
    seqLimit: 10 ** String(seq).length,
  }
}

/** Writes a number whose last digit stands at `last`. */
function digits(bytes: Buffer, last: number, number: number): void {
  let rest = number
  let at = last
  while (rest > 0) {
    const next = Math.floor(rest / 10)
    bytes[at--] = zero + rest - next * 10
    rest = next
  }
}
