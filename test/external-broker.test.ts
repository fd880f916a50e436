import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import * as answers from './support/answers.ts'
import { importDemoEstate } from './support/demo-estate.ts'
import { startMosquitto, type RunningMosquitto } from './support/mosquitto.ts'
import { missing } from './support/programs.ts'
import { RunningSystem, until } from './support/system.ts'

/** The whole system behind a real Mosquitto: devices are acknowledged by it, and we must not lose or double what
 *  it hands on, whoever is killed in between. */

const device = 'hengkang-b01-heat'
const neighbour = 'hengkang-b02-heat'
const topic = (name: string) => `est/1/hengkang/heat-entrance/${device}/${name}`
const login = { username: 'estate', password: 'between us and Mosquitto' }

const folder = mkdtempSync(join(tmpdir(), 'external-'))
/** As the README has it. */
const access = [
  'user estate',
  'topic readwrite est/1/#',
  'topic readwrite srv/1/#',
  'pattern write est/1/+/+/%u/#',
  'pattern read est/1/+/+/%u/#',
  'pattern read srv/1/status',
]

let system: RunningSystem | undefined
let mosquitto: RunningMosquitto | undefined
const clients: MqttClient[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true)
  await system?.stop()
  system = undefined
  await mosquitto?.stop()
  mosquitto = undefined
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function startBoth(dataDir?: string) {
  const users = { [login.username]: login.password, [device]: 'its own', [neighbour]: 'its own' }
  mosquitto = await startMosquitto({ users, access })
  system = await startSystem(mosquitto, dataDir)
  await importDemoEstate(system)
  const staff = await system.signIn()
  return { system, mosquitto, staff }
}

async function startSystem({ url }: RunningMosquitto, dataDir?: string): Promise<RunningSystem> {
  const environment = { MQTT_URL: url, MQTT_USERNAME: login.username, MQTT_PASSWORD: login.password }
  const started = await RunningSystem.start({ environment, ...(dataDir !== undefined && { dataDir }) })
  await ready(started)
  return started
}

const ready = (running: RunningSystem) =>
  until('a system that is ready', async () => (await answerOf(running, '/readyz'))?.ok || undefined)

const answerOf = (running: RunningSystem, path: string) => running.fetch(path).catch(() => undefined)

async function meter(running: RunningSystem, name: string): Promise<number | undefined> {
  const text = (await (await answerOf(running, '/metrics'))?.text()) ?? ''
  const value = new RegExp(`^${name}(?:{.*})? (\\S+)$`, 'm').exec(text)?.[1]
  return value === undefined ? undefined : Number(value)
}

const delivered = (running: RunningSystem, count: number) =>
  until('messages that are delivered and not acknowledged', async () =>
    (await meter(running, 'estate_external_in_hand')) === count ? true : undefined,
  )

async function connectDevice({ url }: RunningMosquitto, username = device): Promise<MqttClient> {
  const client = await connectAsync(url, { username, password: 'its own', reconnectPeriod: 100 })
  client.on('error', () => {})
  clients.push(client)
  return client
}

const startMs = Date.UTC(2026, 0, 15, 4)

/** Every reading has a time of its own: an overwritten one would be missed. */
async function publish(client: MqttClient, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index)
  await Promise.all(
    numbers.map((seq) =>
      client.publishAsync(
        topic('tele'),
        JSON.stringify({
          c: 'heat-entrance/1.0',
          b: 1,
          s: seq,
          t: startMs + seq,
          k: 'n',
          d: { p_ret_kpa: 200 + (seq % 40) },
        }),
        { qos: 1 },
      ),
    ),
  )
}

/** Waits until history holds `count` readings (and so many other messages) and nothing is under way, and looks
 *  that it holds no more. */
async function expectStored(running: RunningSystem, count: number, besides = 0) {
  const total = await until(`${count} readings in history`, async () => {
    if ((await answerOf(running, '/readyz')) === undefined) return undefined
    const { total } = await running.api('/api/v1/ledger', answers.ledger)
    return total.stored >= count + besides && total.pending === 0 ? total : undefined
  })
  expect(total).toMatchObject({ stored: count + besides, quarantined: 0 })
  expect(total.accepted).toBe(total.stored + total.duplicate)
  const { buckets } = await running.api(
    `/api/v1/devices/${device}/history?signal=p_ret_kpa&from=${startMs}&to=${startMs + count + 1}&points=10000`,
    answers.history,
  )
  expect(buckets.reduce((sum, bucket) => sum + bucket.count, 0)).toBe(count)
  return total
}

/** A disk that takes its time: the log's file, locked from outside. */
function holdDisk({ dataDir }: RunningSystem): () => void {
  const database = new Database(join(dataDir, 'intake.db'))
  database.exec('begin immediate')
  return () => {
    database.exec('rollback')
    database.close()
  }
}

/** What a Mosquitto as it comes has in flight to one session. */
const window = 20

describe.skipIf(missing('mosquitto'))('the system behind a Mosquitto', { timeout: 120_000 }, () => {
  test('a reading goes from the device to history; we open no broker of our own; the log is trimmed', async () => {
    const { system, mosquitto } = await startBoth()
    await publish(await connectDevice(mosquitto), 1, 200)
    expect(await expectStored(system, 200)).toMatchObject({ duplicate: 0 })
    expect(() => system.mqttUrl).toThrow('does not listen for mqtt')
    await until('a trimmed log', async () => (await meter(system, 'estate_intake_bytes')) === 0 || undefined)

    // A device speaks for itself alone, and is told what could not be read.
    const [own, stranger] = [await connectDevice(mosquitto), await connectDevice(mosquitto, neighbour)]
    const told = new Promise<string>((resolve) =>
      own.on('message', (_, payload) => resolve(payload.toString())),
    )
    await own.subscribeAsync(topic('reject'), { qos: 1 })
    await publish(stranger, 201, 210)
    await own.publishAsync(topic('tele'), '{"c":"heat-entrance/1.0"}', { qos: 1 })
    expect(JSON.parse(await told)).toMatchObject({ reason: 'envelope-invalid' })
    const { total } = await system.api('/api/v1/ledger', answers.ledger)
    expect(total).toMatchObject({ accepted: 201, stored: 200, quarantined: 1 })
  })

  test('our intake killed between delivery and acknowledgement: delivered again, kept once', async () => {
    const { system, mosquitto } = await startBoth()
    const client = await connectDevice(mosquitto)
    const release = holdDisk(system)
    await publish(client, 1, 100)
    await delivered(system, window)
    await system.killRole('broker')
    release()
    await publish(client, 101, 200)
    await expectStored(system, 200)
  })

  test('Mosquitto killed between delivery and acknowledgement: nothing lost, nothing doubled', async () => {
    const { system, mosquitto } = await startBoth()
    const client = await connectDevice(mosquitto)
    const release = holdDisk(system)
    await publish(client, 1, 100)
    await delivered(system, window)
    // Mosquitto saves after it acknowledges: when the next is acknowledged, these are on its disk.
    await client.publishAsync('saved', '', { qos: 1 })
    await mosquitto.kill()
    release()
    await until('a system that is not ready', async () => {
      const answer = await answerOf(system, '/readyz')
      return answer?.status === 503 && (await answer.text()).includes('sessions') ? true : undefined
    })
    await mosquitto.restart()
    await publish(client, 101, 200)
    const { duplicate } = await expectStored(system, 200)
    expect(duplicate).toBe(window)
    await ready(system)
  })

  test('under load, with our intake killed and Mosquitto restarted, all that is acknowledged is stored once', async () => {
    const { system, mosquitto } = await startBoth()
    const client = await connectDevice(mosquitto)
    let acknowledged = 0
    let publishing = true
    const published = (async () => {
      for (; publishing; acknowledged += 50) await publish(client, acknowledged + 1, acknowledged + 50)
    })()
    const more = async (count: number) => {
      const before = acknowledged
      await until('more readings', () => acknowledged >= before + count || undefined)
    }
    await more(200)
    await system.killRole('broker')
    await more(200)
    await mosquitto.restart()
    await more(200)
    await system.killRole('broker')
    await system.killRole('ingest')
    await more(200)
    publishing = false
    await published
    await expectStored(system, acknowledged)
  })

  test('what devices said while all of us were away is there when we come back, what was retained is not new', async () => {
    const { system: first, mosquitto, staff } = await startBoth(folder)
    const client = await connectDevice(mosquitto)
    const ready = JSON.stringify({ st: 'ready', b: 1, t: startMs })
    await client.publishAsync(topic('conn'), ready, { qos: 1, retain: true })
    await publish(client, 1, 50)
    await expectStored(first, 50, 1)
    await first.stop()
    await publish(client, 51, 1_500)
    system = await startSystem(mosquitto, folder)
    await system.signIn(staff)
    expect(await expectStored(system, 1_500, 1)).toMatchObject({ duplicate: 1 })
  })
})
