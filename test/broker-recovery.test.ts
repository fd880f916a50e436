import mqtt, { type MqttClient } from 'mqtt'
import { afterEach, expect, test } from 'vitest'
import { serverKey, serviceSecret } from '../estate/server-key.ts'
import { importDemoEstate } from './support/demo-estate.ts'
import { RunningSystem, until } from './support/system.ts'

/** The real broker under `kill -9`, with somebody who has a session and somebody who comes late. */

let system: RunningSystem | undefined
const clients: MqttClient[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true)
  await system?.stop()
  system = undefined
})

const topic = (device: string) => `est/1/hengkang/heat-entrance/${device}/state`

function dial(url: string, options: mqtt.IClientOptions): MqttClient {
  const client = mqtt.connect(url, { reconnectPeriod: 100, connectTimeout: 2_000, ...options })
  client.on('error', () => {})
  clients.push(client)
  return client
}

/** Says 1, 2, 3 … as its state, retained, each when the one before is acknowledged, until told to stop. */
function keepSaying(url: string, credential: { username: string; password: string }) {
  const client = dial(url, { ...credential, clientId: credential.username })
  const said = { device: credential.username, last: 0 }
  let going = true
  const done = (async () => {
    while (going) {
      await client.publishAsync(topic(said.device), `${said.last + 1}`, { qos: 1, retain: true })
      said.last++
    }
  })()
  return { said, stop: () => ((going = false), done) }
}

/** Device -> what came of it, in the order of coming. */
function follow(client: MqttClient): Map<string, number[]> {
  const heard = new Map<string, number[]>()
  client.on('message', (of, payload) => {
    const device = of.split('/')[4] ?? ''
    heard.set(device, [...(heard.get(device) ?? []), Number(payload.toString())])
  })
  return heard
}

test('kill -9 of the broker: a session misses nothing, in order; the last word is the last acknowledged', async () => {
  system = await RunningSystem.start({ roles: ['broker', 'ingest', 'dashboard'] })
  await importDemoEstate(system)
  const running = system
  const service = {
    username: 'srv-flows',
    password: serviceSecret(serverKey(running.dataDir), 'srv-flows'),
  }
  const session = { ...service, clientId: 'follower', clean: false, resubscribe: false }
  const first = dial(running.mqttUrl, session)
  await first.subscribeAsync('est/1/hengkang/+/+/state', { qos: 1 })
  await first.endAsync()

  const speakers = await Promise.all(
    ['hengkang-b01-heat', 'hengkang-b02-heat', 'hengkang-b03-heat'].map(async (device) =>
      keepSaying(running.mqttUrl, await running.issueCredential(device)),
    ),
  )
  const fewest = () => Math.min(...speakers.map(({ said }) => said.last))
  await until('messages for who is away', () => fewest() >= 50 || undefined)
  await running.killRole('broker')
  await until('more of them', () => fewest() >= 100 || undefined)
  const follower = dial(running.mqttUrl, session)
  const heard = follow(follower)
  await until('messages for who is back', () => heard.size === speakers.length || undefined)
  await running.killRole('broker')
  await until('messages after that', () => fewest() >= 150 || undefined)
  await Promise.all(speakers.map(({ stop }) => stop()))

  for (const { said } of speakers) {
    const own = await until(`everything of ${said.device}`, () => {
      const came = heard.get(said.device) ?? []
      return came.includes(said.last) ? came : undefined
    })
    const firsts = [...new Set(own)]
    expect(firsts, said.device).toEqual(Array.from({ length: firsts.length }, (_, at) => at + 1))
    expect(firsts.length, said.device).toBeGreaterThanOrEqual(said.last)
  }

  const late = dial(running.mqttUrl, service)
  const found = follow(late)
  await late.subscribeAsync('est/1/hengkang/+/+/state', { qos: 1 })
  await until('the last words', () => found.size === speakers.length || undefined)
  expect(new Map([...found].map(([device, words]) => [device, words.at(-1)]))).toEqual(
    new Map(speakers.map(({ said }) => [said.device, said.last])),
  )
})
