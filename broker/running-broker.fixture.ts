import { once } from 'node:events'
import Database from 'better-sqlite3'
import { closeSync, copyFileSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { connect as connectTcp, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { generate, parser as parserOf, type IConnectPacket, type Packet } from 'mqtt-packet'
import { expect, vi } from 'vitest'
import { z } from 'zod'
import type { Principal } from '../estate/principal.ts'
import { systemClock } from '../platform/clock.ts'
import { IntakeLog } from '../platform/intake-log.ts'
import type { IntakeMessage } from '../platform/intake-message.ts'
import { openIntakeReader } from '../platform/intake-reader.ts'
import { silentLog } from '../platform/log.ts'
import { openMetrics } from '../platform/metrics.ts'
import { Broker } from './broker.ts'
import { BrokerMemory } from './memory.ts'

/** The broker with its log on a real disk, and real clients over TCP. */

const prefix = (kind: string, device: string) => `est/1/hengkang/${kind}/${device}/`

export const station = prefix('heat-station', 'hengkang-station')
export const house = prefix('heat-entrance', 'hengkang-b01-heat')
export const gateway = prefix('gateway', 'hengkang-b01-gw')
export const meter = prefix('water-meter', 'hengkang-b01-f101-water')

const device = (id: string, ...prefixes: string[]): Principal => ({
  type: 'device',
  id,
  publish: prefixes,
  subscribe: prefixes,
})

const principals = new Map<string, Principal>([
  ['hengkang-station', device('hengkang-station', station)],
  ['hengkang-b01-heat', device('hengkang-b01-heat', house)],
  ['hengkang-b01-gw', device('hengkang-b01-gw', gateway, meter)],
  ['srv-ingest', { type: 'service', name: 'srv-ingest' }],
])

interface RunningBrokerOptions {
  maxBytes?: number
  queueLimit?: number
  connectTimeoutMs?: number
  willGraceMs?: number
}

export class RunningBroker {
  #folder = mkdtempSync(join(tmpdir(), 'broker-'))
  readonly #clients: MqttClient[] = []
  readonly #sockets: Socket[] = []
  #metrics = openMetrics('test')
  #intake: IntakeLog | undefined
  #memory: BrokerMemory | undefined
  #broker: Broker | undefined
  port = 0

  async start(options: RunningBrokerOptions = {}): Promise<void> {
    const { maxBytes, queueLimit, ...times } = options
    const common = { clock: systemClock, logger: silentLog, metrics: (this.#metrics = openMetrics('test')) }
    const file = join(this.#folder, 'intake.db')
    this.#intake = new IntakeLog({ file, ...(maxBytes !== undefined && { maxBytes }), ...common })
    const intake = this.#intake
    await intake.start()
    this.#memory = new BrokerMemory({
      file: join(this.#folder, 'broker.db'),
      onCursor: (position) => intake.reportCursor('broker', position),
      ...(queueLimit !== undefined && { queueLimit }),
      ...common,
    })
    await this.#memory.start(file)
    this.#broker = new Broker({
      host: '127.0.0.1',
      port: 0,
      verify: (username, password) =>
        Promise.resolve(
          password.toString() === `secret of ${username}` ? principals.get(username) : undefined,
        ),
      intake,
      memory: this.#memory,
      ...times,
      ...common,
    })
    this.port = (await this.#broker.start()).port
  }

  async stop(): Promise<void> {
    await this.#broker?.stop()
    await this.#memory?.stop()
    await this.#intake?.stop()
  }

  /** What `kill -9` leaves: the files as they are on disk at this moment, also while they are written, and nobody
   *  says goodbye. `start` goes on from them. The log is copied last: it is never behind what follows from it. */
  async crash(): Promise<void> {
    const left = mkdtempSync(join(tmpdir(), 'broker-'))
    for (const file of ['broker.db', 'broker.db-wal', 'intake.db', 'intake.db-wal'])
      copyFileSync(join(this.#folder, file), join(left, file))
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
    this.#folder = left
  }

  /** Writes over the beginning of a file. */
  damage(file: string): void {
    const handle = openSync(join(this.#folder, file), 'r+')
    writeSync(handle, Buffer.alloc(4_096, 'x'))
    closeSync(handle)
  }

  /** The same to a file that is open, so that its writer has to notice. */
  damageUnderWay(file: string): void {
    const database = new Database(join(this.#folder, file))
    database.exec('create table stranger (thing)')
    database.pragma('wal_checkpoint(TRUNCATE)')
    database.close()
    this.damage(file)
  }

  /** Written down by now. Throws while there is no file. */
  sessionsOnDisk(): number {
    const database = new Database(join(this.#folder, 'broker.db'), { readonly: true })
    try {
      return z.number().parse(database.prepare('select count(*) from session').pluck().get())
    } finally {
      database.close()
    }
  }

  /** Holds the memory's file so that it cannot be written, as a failing disk does; let go by the function. */
  holdMemory(): () => void {
    return this.#hold('broker.db')
  }

  /** The same with the log, for less than the five seconds after which its writer gives up. */
  holdLog(): () => void {
    return this.#hold('intake.db')
  }

  #hold(file: string): () => void {
    const holder = new Database(join(this.#folder, file))
    holder.exec('begin immediate')
    return () => void holder.close()
  }

  /** Whether sessions are kept on disk. */
  get remembers(): boolean {
    return this.#memory?.health().ok ?? false
  }

  files(): string[] {
    return readdirSync(this.#folder)
  }

  async discard(): Promise<void> {
    for (const client of this.#clients) client.end(true)
    for (const socket of this.#sockets) socket.destroy()
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Connected, never to come back by itself; rejects when it is not let in. */
  async connect(username: string, options: IClientOptions = {}): Promise<MqttClient> {
    const client = await connectAsync(`mqtt://127.0.0.1:${this.port}`, {
      username,
      password: `secret of ${username}`,
      reconnectPeriod: 0,
      ...options,
    })
    client.on('error', () => {})
    this.#clients.push(client)
    return client
  }

  /** A connection that has not said a word. */
  async connectSilently(): Promise<Socket> {
    const socket = connectTcp(this.port, '127.0.0.1')
    socket.on('error', () => {})
    this.#sockets.push(socket)
    await once(socket, 'connect')
    return socket
  }

  /** A device on a bare socket, let in; what the broker says is collected. */
  async connectBare(
    username: string,
    options: Pick<IConnectPacket, 'will'> = {},
  ): Promise<{ socket: Socket; heard: Packet[] }> {
    const socket = await this.connectSilently()
    const heard: Packet[] = []
    const parser = parserOf()
    parser.on('packet', (packet) => heard.push(packet))
    socket.on('data', (bytes) => parser.parse(bytes))
    const password = Buffer.from(`secret of ${username}`)
    const clientId = `bare ${username}`
    socket.write(generate({ cmd: 'connect', clientId, clean: true, username, password, ...options }))
    await vi.waitFor(() => expect(heard).toMatchObject([{ cmd: 'connack', returnCode: 0 }]))
    heard.length = 0
    return { socket, heard }
  }

  /** A subscriber whose program hangs: it is let in, and never reads from its socket. */
  async subscribeFrozen(username: string, filter: string): Promise<void> {
    const socket = await this.connectSilently()
    const password = Buffer.from(`secret of ${username}`)
    socket.write(generate({ cmd: 'connect', clientId: 'frozen', clean: true, username, password }))
    socket.write(generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: filter, qos: 1 }] }))
  }

  /** What is on disk, as another process reads it. */
  kept(): IntakeMessage[] {
    const reader = openIntakeReader(join(this.#folder, 'intake.db'))
    try {
      return reader.read(0, 100_000)
    } finally {
      reader.close()
    }
  }

  refusedFrom(publisher: string): number {
    const reader = openIntakeReader(join(this.#folder, 'intake.db'))
    try {
      return reader.books([publisher]).counts.get(publisher)?.refused ?? 0
    } finally {
      reader.close()
    }
  }

  async refusals(reason: string): Promise<number> {
    const metric = await this.#metrics.getSingleMetric('estate_broker_refused_total')?.get()
    return metric?.values.find(({ labels }) => labels['reason'] === reason)?.value ?? 0
  }

  /** The sum of a metric over all its labels. */
  async count(name: string): Promise<number> {
    const metric = await this.#metrics.getSingleMetric(name)?.get()
    return metric?.values.reduce((sum, { value }) => sum + value, 0) ?? 0
  }
}

export const closed = (client: MqttClient) =>
  new Promise<void>((resolve) => client.once('close', () => resolve()))

/** The text of every message on a client, as it comes. */
export function heardBy(client: MqttClient): string[] {
  const heard: string[] = []
  client.on('message', (_, payload) => heard.push(payload.toString()))
  return heard
}
