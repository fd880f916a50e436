import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock as clock } from '../platform/clock.ts'
import { IntakeLog } from '../platform/intake-log.ts'
import { intakeConsumers, strangersPublisher } from '../platform/intake-message.ts'
import { openIntakeReader } from '../platform/intake-reader.ts'
import { silentLog as logger } from '../platform/log.ts'
import { openMetrics } from '../platform/metrics.ts'
import { startMosquitto, type MosquittoOptions, type RunningMosquitto } from '../test/support/mosquitto.ts'
import { freePort, missing } from '../test/support/programs.ts'
import { ExternalIntake } from './external-intake.ts'
import { RunningBroker } from './running-broker.fixture.ts'
import { Strangers } from './strangers.ts'

/** The subscriber between a real Mosquitto and a real intake log. */

const house = 'est/1/hengkang/heat-entrance/hengkang-b01-heat'
const shed = 'est/1/hengkang/charger/hengkang-shed1-charger'
/** A Mosquitto as it comes has so many messages in flight to one session. */
const window = 20

let folder: string
let metrics = openMetrics('test')
let intake: IntakeLog
let external: ExternalIntake | undefined
let mosquitto: RunningMosquitto | undefined
const clients: MqttClient[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'external-'))
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true)
  await external?.stop()
  external = undefined
  await intake.stop()
  await mosquitto?.stop()
  mosquitto = undefined
  rmSync(folder, { recursive: true, force: true })
})

async function openLog(maxBytes?: number): Promise<void> {
  const file = join(folder, 'intake.db')
  intake = new IntakeLog({
    file,
    ...(maxBytes !== undefined && { maxBytes }),
    clock,
    logger,
    metrics: openMetrics('test'),
  })
  await intake.start()
}

function listen(url: string, login?: { username: string; password: string }): ExternalIntake {
  metrics = openMetrics('test')
  const isRegistered = (name: string) => name.startsWith('hengkang-')
  const strangers = new Strangers({ isRegistered, limit: 2, logger, metrics })
  const reader = openIntakeReader(join(folder, 'intake.db'))
  strangers.recall(reader)
  reader.close()
  external = new ExternalIntake({ url, ...(login && { login }), intake, strangers, clock, logger, metrics })
  external.start()
  return external
}

async function startAll(options?: MosquittoOptions & { maxBytes?: number }): Promise<RunningMosquitto> {
  await openLog(options?.maxBytes)
  mosquitto = await startMosquitto(options)
  const listening = listen(mosquitto.url)
  await eventually(() => listening.health()).toMatchObject({ ok: true })
  return mosquitto
}

async function device({ url }: { url: string }): Promise<MqttClient> {
  const client = await connectAsync(url, { reconnectPeriod: 0 })
  client.on('error', () => {})
  clients.push(client)
  return client
}

function kept() {
  const reader = openIntakeReader(join(folder, 'intake.db'))
  try {
    return reader.read(0, 100_000)
  } finally {
    reader.close()
  }
}

/** The counts on disk are those of all that was kept. */
function intakeTallied(): boolean {
  const reader = openIntakeReader(join(folder, 'intake.db'))
  try {
    return reader.devicesAfter({ after: '', part: '', limit: 10 }).length === 4
  } finally {
    reader.close()
  }
}

/** What comes true in the end, on a machine that is busy with other things. */
const eventually = <Answer>(ask: () => Answer) => expect.poll(ask, { timeout: 30_000 })

const keptTexts = () => kept().map(({ payload }) => Buffer.from(payload).toString())
const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, index) => String(from + index))

async function publishAll(client: MqttClient, topic: string, payloads: readonly string[]): Promise<void> {
  await Promise.all(payloads.map((payload) => client.publishAsync(topic, payload, { qos: 1 })))
}

/** Mosquitto acknowledges what one turn of its loop has read and saves it at the end of that turn: when the next
 *  message is acknowledged, those before it are on its disk. */
const letItSave = (client: MqttClient) => client.publishAsync('saved', '', { qos: 1 })

async function gauge(name: string): Promise<number> {
  return (await metrics.getSingleMetric(name)?.get())?.values[0]?.value ?? 0
}

const inHand = () => gauge('estate_external_in_hand')

/** The disk that takes its time: nothing is written to the log until it is let go. */
function holdDisk(): () => void {
  const database = new Database(join(folder, 'intake.db'))
  database.exec('begin immediate')
  return () => {
    database.exec('rollback')
    database.close()
  }
}

describe.skipIf(missing('mosquitto'))('with a Mosquitto in front', () => {
  test('what devices say is kept once, for the device that the topic names, each in its order', async () => {
    const client = await device(await startAll())
    await Promise.all([
      publishAll(client, `${house}/tele`, numbers(200)),
      publishAll(client, `${shed}/state/p03`, numbers(200)),
    ])
    await eventually(() => kept().length).toBe(400)
    for (const [topic, publisher] of [
      [`${house}/tele`, 'hengkang-b01-heat'],
      [`${shed}/state/p03`, 'hengkang-shed1-charger'],
    ]) {
      const own = kept().filter((message) => message.topic === topic)
      expect(own.map(({ payload }) => Buffer.from(payload).toString())).toEqual(numbers(200))
      expect(new Set(own.map((message) => message.publisher))).toEqual(new Set([publisher]))
    }
  })

  test('nothing is acknowledged before it is on disk: the window of the broker stays full', async () => {
    const client = await device(await startAll())
    const release = holdDisk()
    await publishAll(client, `${house}/tele`, numbers(50))
    await eventually(inHand).toBe(window)
    expect(kept()).toEqual([])
    release()
    await eventually(() => kept().length).toBe(50)
    expect(keptTexts()).toEqual(numbers(50))
    await eventually(inHand).toBe(0)
  })

  test('what was delivered and not acknowledged when Mosquitto was killed comes again', async () => {
    const broker = await startAll()
    const client = await device(broker)
    const release = holdDisk()
    await publishAll(client, `${house}/tele`, numbers(50))
    await eventually(inHand).toBe(window)
    await letItSave(client)
    await broker.kill()
    release()
    await broker.restart()
    await eventually(() => new Set(keptTexts()).size).toBe(50)
    await eventually(inHand).toBe(0)
    expect([...new Set(keptTexts())]).toEqual(numbers(50))
  })

  test('a full log leaves messages with the broker, says so, and takes them when there is room', async () => {
    const client = await device(await startAll({ maxBytes: 10_000, settings: ['autosave_on_changes false'] }))
    await publishAll(
      client,
      `${house}/tele`,
      numbers(80).map((text) => text.padEnd(200)),
    )
    await eventually(() => external?.health()).toEqual({
      ok: false,
      detail: expect.stringMatching(/left with the external broker.*full/),
    })
    const seen = new Map<number, string>()
    await eventually(() => {
      for (const { position, payload } of kept()) {
        seen.set(position, Buffer.from(payload).toString().trim())
      }
      for (const consumer of intakeConsumers) intake.reportCursor(consumer, Math.max(...seen.keys()))
      return new Set(seen.values()).size
    }).toBe(80)
    expect([...seen.values()]).toEqual(numbers(80))
    await eventually(() => external?.health()).toMatchObject({ ok: true })
  })

  test('while we are away the broker keeps for us; retained states come once, not at every reconnect', async () => {
    const broker = await startAll()
    const client = await device(broker)
    await client.publishAsync(`${shed}/state/p01`, 'free', { qos: 1, retain: true })
    await eventually(keptTexts).toEqual(['free'])
    await broker.restart()
    await eventually(() => external?.health()).toMatchObject({ ok: true })
    const again = await device(broker)
    await publishAll(again, `${house}/tele`, ['0'])
    await eventually(keptTexts).toEqual(['free', '0'])
    await external?.stop()
    await publishAll(again, `${house}/tele`, numbers(100))
    listen(broker.url)
    await eventually(() => keptTexts().filter((text) => text !== 'free')).toEqual(numbers(101, 0))
  })

  test("a vanished device's last words are its will; a wrong topic is kept, what the server says is not", async () => {
    const client = await device(await startAll())
    const say = (topic: string, text: string) => client.publishAsync(topic, text, { qos: 1 })
    await say(`${house}/reject`, '{"reason":"not-json"}')
    await say(`${house}/cmd/replay`, '{}')
    await say('est/1/hengkang/heat-entrance', 'nobody')
    await say(`${house}/conn`, '{"st":"ready","b":1,"t":1763510400000}')
    await say(`${house}/conn`, '{"st":"lost","b":1,"t":1763510400000}')
    await say(`${house}/telemetry`, 'a class that does not exist')
    await say(`${house}/tele`, 'x'.repeat(20_000))
    await eventually(() => kept().length).toBe(4)
    expect(
      kept().map(({ topic, will, publisher, payload }) => [topic, will, publisher, payload.length]),
    ).toEqual([
      [`${house}/conn`, false, 'hengkang-b01-heat', 38],
      [`${house}/conn`, true, 'hengkang-b01-heat', 37],
      [`${house}/telemetry`, false, 'hengkang-b01-heat', 27],
      [`${house}/tele`, false, 'hengkang-b01-heat', 16_384],
    ])
    expect(await metrics.getSingleMetricAsString('estate_external_messages_total')).toMatch(
      /no-device".* 1$/m,
    )
  })

  test('strangers beyond the limit share one name, also after a restart; who is registered never does', async () => {
    const client = await device(await startAll())
    const sayAs = (name: string) => client.publishAsync(house.replace('hengkang-b01', name), '{}', { qos: 1 })
    const publishers = () => kept().map(({ publisher }) => publisher)
    for (const name of ['oak-b01', 'oak-b02', 'oak-b03', 'hengkang-b01', 'oak-b02']) await sayAs(name)
    const shared = strangersPublisher
    const named = ['oak-b01-heat', 'oak-b02-heat', shared, 'hengkang-b01-heat', 'oak-b02-heat']
    await eventually(publishers).toEqual(named)
    expect(await gauge('estate_strangers_beyond_total')).toBe(1)
    await external?.stop()
    await eventually(() => intakeTallied()).toBe(true)
    const again = listen(mosquitto?.url ?? '')
    await eventually(() => again.health()).toMatchObject({ ok: true })
    expect(await gauge('estate_strangers')).toBe(2)
    for (const name of ['oak-b04', 'oak-b01', 'hengkang-b02']) await sayAs(name)
    await eventually(publishers).toEqual([...named, shared, 'oak-b01-heat', 'hengkang-b02-heat'])
  })

  test('over a WebSocket as over TCP', async () => {
    const port = await freePort()
    const client = await device(
      await startAll({ settings: [`listener ${port} 127.0.0.1`, 'protocol websockets'] }),
    )
    await external?.stop()
    const listening = listen(`ws://127.0.0.1:${port}/mqtt`)
    await eventually(() => listening.health()).toMatchObject({ ok: true })
    await publishAll(client, `${house}/tele`, numbers(100))
    await eventually(keptTexts).toEqual(numbers(100))
    await eventually(inHand).toBe(0)
  })

  test('a login that the broker does not know is said, and tried again', async () => {
    await openLog()
    mosquitto = await startMosquitto({ users: { estate: 'secret' } })
    const refused = listen(mosquitto.url, { username: 'estate', password: 'wrong' })
    await eventually(() => refused.health()).toEqual({
      ok: false,
      detail: expect.stringMatching(/6 of 6 sessions: .*Not authorized/),
    })
    await refused.stop()
    const admitted = listen(mosquitto.url, { username: 'estate', password: 'secret' })
    await eventually(() => admitted.health()).toMatchObject({ ok: true })
  })
})

test('a broker that refuses the subscription is not ready, with the reason', async () => {
  await openLog()
  const ours = new RunningBroker()
  await ours.start()
  try {
    const username = 'hengkang-station'
    const refused = listen(`mqtt://127.0.0.1:${ours.port}`, { username, password: `secret of ${username}` })
    await eventually(() => refused.health()).toEqual({
      ok: false,
      detail: expect.stringMatching(/subscription est\/1\/\+\/.* is refused/),
    })
  } finally {
    await ours.discard()
  }
})

test('a broker that is not there is not ready, with the reason', async () => {
  await openLog()
  const alone = listen('mqtt://127.0.0.1:1')
  await eventually(() => alone.health()).toEqual({
    ok: false,
    detail: expect.stringContaining('ECONNREFUSED'),
  })
})
