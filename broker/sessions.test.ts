import { once } from 'node:events'
import { generate } from 'mqtt-packet'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { heardBy, house, RunningBroker, station } from './running-broker.fixture.ts'

/** Sessions over real connections: who asked to be remembered, is. */

let broker: RunningBroker

beforeEach(() => {
  broker = new RunningBroker()
})

afterEach(() => broker.discard())

/** A subscriber with a session. What comes before its first words is heard too. */
const follower = (options: { clientId?: string; clean?: boolean } = {}) =>
  broker.connect('srv-ingest', { clientId: 'follower', clean: false, ...options })

const away = async (filter = 'est/1/+/+/+/state') => {
  const client = await follower()
  await client.subscribeAsync(filter, { qos: 1 })
  await client.endAsync()
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `${from + at}`)

async function publishStates(count: number, from = 0): Promise<void> {
  const device = await broker.connect('hengkang-b01-heat', { clientId: `${from}` })
  await Promise.all(
    numbers(count, from).map((text) => device.publishAsync(`${house}state`, text, { qos: 1, retain: true })),
  )
  await device.endAsync()
}

describe('a session', () => {
  test('gets what was said while its client was away, once and in order', async () => {
    await broker.start()
    await away()
    await publishStates(200)
    const heard = heardBy(await follower())
    await vi.waitFor(() => expect(heard).toEqual(numbers(200)))
  })

  test('outlives the broker, with its subscriptions and its queue', async () => {
    await broker.start()
    await away()
    await publishStates(50)
    await broker.stop()
    await broker.start()
    await publishStates(50, 50)
    const heard = heardBy(await follower())
    await vi.waitFor(() => expect(heard).toEqual(numbers(100)))
  })

  test('gets the queue first and then what is being said, while both come fast', async () => {
    await broker.start()
    await away()
    await publishStates(1_000)
    const publishing = publishStates(300, 1_000)
    const heard = heardBy(await follower())
    await publishing
    await vi.waitFor(() => expect(heard).toHaveLength(1_300))
    expect(heard).toEqual(numbers(1_300))
  })

  test('that subscribed twice to the same topic hears it once', async () => {
    await broker.start()
    const client = await follower()
    await client.subscribeAsync({ [`${house}state`]: { qos: 1 }, 'est/1/+/+/+/state': { qos: 1 } })
    await client.endAsync()
    await publishStates(3)
    const heard = heardBy(await follower())
    await vi.waitFor(() => expect(heard).toEqual(numbers(3)))
  })

  test('ends with a clean connection: nothing of it comes back', async () => {
    await broker.start()
    await away()
    await publishStates(3)
    const clean = await follower({ clean: true })
    await clean.endAsync()
    const heard = heardBy(await follower())
    await publishStates(1, 3)
    await broker
      .connect('hengkang-station')
      .then((other) => other.publishAsync(`${station}tele`, 'a round trip later', { qos: 1 }))
    expect(heard).toEqual([])
  })

  test('does not hold what its user may not hear, though it asked for it in the same breath', async () => {
    await broker.start()
    const device = await broker.connect('hengkang-b01-heat', { clientId: 'x', clean: false })
    await device.subscribeAsync({ [`${house}want`]: { qos: 1 }, 'est/#': { qos: 1 } }).catch(() => {})
    await device.endAsync()
    const neighbour = await broker.connect('hengkang-station')
    await neighbour.publishAsync(`${station}tele`, 'not for the neighbours', { qos: 1 })
    const service = await broker.connect('srv-ingest')
    await service.publishAsync(`${house}want`, 'for you', { qos: 1 })
    const heard = heardBy(await broker.connect('hengkang-b01-heat', { clientId: 'x', clean: false }))
    await vi.waitFor(() => expect(heard).toEqual(['for you']))
  })

  test('that is full drops what comes later, and says so', async () => {
    await broker.start({ queueLimit: 10 })
    await away()
    await publishStates(15)
    expect(await broker.count('estate_broker_dropped_total')).toBe(5)
    const heard = heardBy(await follower())
    await vi.waitFor(() => expect(heard).toEqual(numbers(10)))
  })

  test('of QoS 2 gets each message exactly once across restarts of the broker', async () => {
    await broker.start()
    const client = await follower()
    await client.subscribeAsync('srv/#', { qos: 2 })
    await client.endAsync()
    const service = await broker.connect('srv-ingest')
    for (const text of numbers(20)) await service.publishAsync('srv/1/order/hengkang/1', text, { qos: 2 })
    await service.endAsync()
    await broker.stop()
    await broker.start()
    const heard = heardBy(await follower())
    await vi.waitFor(() => expect(heard).toEqual(numbers(20)))
    await vi.waitFor(async () => expect(await broker.count('estate_broker_queued')).toBe(0))
  })
})

test('a QoS 2 message that is sent again under its identifier is taken once, also by a broker that died in between [MQTT-4.3.3-2]', async () => {
  await broker.start()
  const username = 'hengkang-b01-heat'
  const password = Buffer.from(`secret of ${username}`)
  const packet = { cmd: 'publish', topic: `${house}event`, payload: 'once', qos: 2, messageId: 7 } as const
  const connectAndSend = async (dup: boolean) => {
    const socket = await broker.connectSilently()
    socket.write(generate({ cmd: 'connect', clientId: 'raw', clean: false, username, password }))
    await once(socket, 'data')
    socket.write(generate({ ...packet, dup, retain: false }))
    const [pubrec] = await once(socket, 'data')
    expect(pubrec).toEqual(Buffer.from([0x50, 2, 0, 7]))
  }
  await connectAndSend(false)
  await connectAndSend(true)
  await broker.crash()
  await broker.start()
  await connectAndSend(true)
  expect(broker.kept()).toHaveLength(1)
})

describe('the last word', () => {
  test('goes through the queue of a session: it comes again when the connection broke before its PUBACK', async () => {
    await broker.start()
    await publishStates(3)
    const client = await follower()
    client.handleMessage = () => {}
    await client.subscribeAsync('est/#', { qos: 1 })
    await vi.waitFor(async () => expect(await broker.count('estate_broker_queued')).toBe(1))
    client.end(true)
    const heard = heardBy(await follower())
    await vi.waitFor(() => expect(heard).toEqual(['2']))
    await vi.waitFor(async () => expect(await broker.count('estate_broker_queued')).toBe(0))
  })

  test('is there for who comes late, also after the broker was away', async () => {
    await broker.start()
    await publishStates(5)
    await broker.stop()
    await broker.start()
    const late = await broker.connect('srv-ingest')
    const heard = heardBy(late)
    await late.subscribeAsync('est/1/hengkang/+/+/state/#', { qos: 1 })
    await vi.waitFor(() => expect(heard).toEqual(['4']))
  })

  test('is withdrawn by an empty one [MQTT-3.3.1-10]', async () => {
    await broker.start()
    await publishStates(1)
    const device = await broker.connect('hengkang-b01-heat')
    await device.publishAsync(`${house}state`, '', { qos: 1, retain: true })
    await device.publishAsync(`${house}conn`, 'here', { qos: 1, retain: true })
    await broker.stop()
    await broker.start()
    const late = await broker.connect('srv-ingest')
    const heard = heardBy(late)
    await late.subscribeAsync('est/#', { qos: 1 })
    await vi.waitFor(() => expect(heard).toEqual(['here']))
  })
})
