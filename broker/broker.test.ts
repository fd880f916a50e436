import type { MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { closed, gateway, heardBy, house, meter, RunningBroker, station } from './running-broker.fixture.ts'
import { subscriptionsLimit } from './sessions.ts'

let broker: RunningBroker

beforeEach(() => {
  broker = new RunningBroker()
})

afterEach(() => broker.discard())

const said = () => broker.kept().map(({ payload }) => Buffer.from(payload).toString())

describe('what is acknowledged', () => {
  test('a reading is on disk before its PUBACK, with who sent it and when', async () => {
    await broker.start()
    const client = await broker.connect('hengkang-b01-heat')
    const before = Date.now()
    await client.publishAsync(`${house}tele`, '{"seq":1}', { qos: 1 })
    const [message] = broker.kept()
    expect(message).toMatchObject({ publisher: 'hengkang-b01-heat', topic: `${house}tele`, will: false })
    expect(message?.receivedMs).toBeGreaterThanOrEqual(before)
    expect(message?.receivedMs).toBeLessThanOrEqual(Date.now())
  })

  test('readings of many devices come to disk in the order of each device', async () => {
    await broker.start()
    const clients = await Promise.all([
      broker.connect('hengkang-b01-heat'),
      broker.connect('hengkang-station'),
    ])
    const topics = [`${house}tele`, `${station}tele`]
    await Promise.all(
      clients.flatMap((client, device) =>
        Array.from({ length: 300 }, (_, seq) =>
          client.publishAsync(topics[device] ?? '', `${seq}`, { qos: 1 }),
        ),
      ),
    )
    for (const topic of topics) {
      const own = broker.kept().filter((message) => message.topic === topic)
      expect(own.map(({ payload }) => Number(Buffer.from(payload).toString()))).toEqual(
        Array.from({ length: 300 }, (_, seq) => seq),
      )
    }
  })

  test('a QoS 0 reading is kept too, as well as it can be', async () => {
    await broker.start()
    const client = await broker.connect('hengkang-b01-heat')
    await client.publishAsync(`${house}tele`, 'nobody waits', { qos: 0 })
    await vi.waitFor(() => expect(said()).toEqual(['nobody waits']))
  })

  test('a full log gives no PUBACK: the device keeps its reading and brings it when there is room', async () => {
    await broker.start({ maxBytes: 2_000 })
    const client = await broker.connect('hengkang-b01-heat')
    await client.publishAsync(`${house}tele`, 'first', { qos: 1 })
    const gone = closed(client)
    const acknowledged = vi.fn()
    client.publish(`${house}tele`, 'x'.repeat(3_000), { qos: 1 }, (error) => (error ? {} : acknowledged()))
    await gone
    expect(acknowledged).not.toHaveBeenCalled()
    expect(await broker.refusals('not-kept')).toBe(1)
    expect(said()).toEqual(['first'])
    await broker.stop()
    await broker.start()
    const again = await broker.connect('hengkang-b01-heat')
    await again.publishAsync(`${house}tele`, 'x'.repeat(3_000), { qos: 1 })
    expect(said()).toHaveLength(2)
  })
})

describe('who may come in', () => {
  test('while nothing can be kept, twenty devices a second, and every service: it has to make the room', async () => {
    await broker.start({ maxBytes: 2_000 })
    const first = await broker.connect('hengkang-b01-heat')
    const gone = closed(first)
    first.publish(`${house}tele`, 'x'.repeat(3_000), { qos: 1 })
    await gone
    const tries = await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) =>
        broker.connect('hengkang-station', { clientId: `again-${index}` }),
      ),
    )
    expect(tries.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(40)
    expect(await broker.refusals('log-full')).toBeGreaterThanOrEqual(20)
    await broker.connect('srv-ingest')
  })

  test('a wrong password and an unknown name are turned away, and counted', async () => {
    await broker.start()
    await expect(broker.connect('hengkang-b01-heat', { password: 'guess' })).rejects.toThrow(
      'Bad username or password',
    )
    await expect(broker.connect('nobody')).rejects.toThrow('Bad username or password')
    expect(await broker.refusals('bad-credentials')).toBe(2)
  })

  test('two devices with the same client id do not throw each other out', async () => {
    await broker.start()
    const first = await broker.connect('hengkang-b01-heat', { clientId: 'factory-default' })
    const second = await broker.connect('hengkang-station', { clientId: 'factory-default' })
    await first.publishAsync(`${house}tele`, 'still here', { qos: 1 })
    await second.publishAsync(`${station}tele`, 'me too', { qos: 1 })
    expect(said()).toEqual(['still here', 'me too'])
  })

  test('a device that connects again takes its own place over from the connection it lost', async () => {
    await broker.start()
    const stale = await broker.connect('hengkang-b01-heat', { clientId: 'a' })
    const gone = closed(stale)
    await broker.connect('hengkang-b01-heat', { clientId: 'a' })
    await gone
  })

  test('two thousand connections that never say who they are end, and disturb nobody', async () => {
    await broker.start({ connectTimeoutMs: 3_000 })
    const client = await broker.connect('hengkang-b01-heat')
    let gone = 0
    let silent = 0
    while (silent < 2_000) {
      const opened = await Promise.all(Array.from({ length: 100 }, () => broker.connectSilently()))
      for (const socket of opened) socket.on('close', () => gone++)
      silent += opened.length
      await client.publishAsync(`${house}tele`, `${silent}`, { qos: 1 })
    }
    await vi.waitFor(() => expect(gone).toBe(2_000), { timeout: 20_000 })
    expect(await broker.refusals('silent')).toBe(2_000)
    expect(said()).toHaveLength(20)
    expect(client.connected).toBe(true)
  })
})

describe('what may be said', () => {
  test.each([
    ["a neighbour's topic", `${station}tele`, 'not-its-topic'],
    ["the broker's own topics", '$SYS/broker/uptime', 'reserved-topic'],
    ['a command to itself', `${house}cmd/reboot`, 'not-a-device-topic'],
  ])('%s closes the connection, and is counted for the sender', async (_, topic, reason) => {
    await broker.start()
    const client = await broker.connect('hengkang-b01-heat')
    await client.publishAsync(`${house}tele`, 'the good one', { qos: 1 })
    const gone = closed(client)
    client.publish(topic, 'x', { qos: 1 })
    await gone
    expect(await broker.refusals(reason)).toBe(1)
    await vi.waitFor(() => expect(broker.refusedFrom('hengkang-b01-heat')).toBe(1))
    expect(said()).toEqual(['the good one'])
  })

  test('a packet of 1 MiB closes the connection before it is read', async () => {
    await broker.start()
    const other = await broker.connect('hengkang-station')
    const client = await broker.connect('hengkang-b01-heat')
    await client.publishAsync(`${house}tele`, 'the good one', { qos: 1 })
    const gone = closed(client)
    client.publish(`${house}tele`, Buffer.alloc(1024 * 1024, 'x'), { qos: 1 })
    await gone
    expect(await broker.refusals('packet-too-large')).toBe(1)
    await other.publishAsync(`${station}tele`, 'not concerned', { qos: 1 })
    expect(said()).toEqual(['the good one', 'not concerned'])
  })

  test.each([
    ['too deep', Buffer.from(`${house}tele/a/b/c`), 'topic-too-deep'],
    ['not UTF-8', Buffer.concat([Buffer.from(house), Buffer.from([0xc3, 0x28])]), 'not-utf8'],
  ])('a topic that is %s closes the connection, and is counted for the sender', async (_, topic, reason) => {
    await broker.start()
    const client = await broker.connect('hengkang-b01-heat')
    await client.publishAsync(`${house}tele`, 'the good one', { qos: 1 })
    const gone = closed(client)
    const head = Buffer.from([0x32, topic.length + 5, 0, topic.length])
    client.stream.write(Buffer.concat([head, topic, Buffer.from([0, 9, 120])]))
    await gone
    expect(await broker.refusals(reason)).toBe(1)
    await vi.waitFor(() => expect(broker.refusedFrom('hengkang-b01-heat')).toBe(1))
    expect(said()).toEqual(['the good one'])
  })

  test('a gateway speaks for the meters behind it, and the log says that it did', async () => {
    await broker.start()
    const client = await broker.connect('hengkang-b01-gw')
    await client.publishAsync(`${gateway}tele`, 'me', { qos: 1 })
    await client.publishAsync(`${meter}batch`, 'my meter', { qos: 1 })
    expect(broker.kept().map(({ publisher, topic }) => [publisher, topic])).toEqual([
      ['hengkang-b01-gw', `${gateway}tele`],
      ['hengkang-b01-gw', `${meter}batch`],
    ])
  })

  test('a subscription to the whole estate is refused, and the connection stays', async () => {
    await broker.start()
    const client = await broker.connect('hengkang-b01-heat')
    await expect(client.subscribeAsync('est/#')).rejects.toThrow('Unspecified error')
    const [granted] = await client.subscribeAsync(`${house}reject`)
    expect(granted?.qos).toBe(0)
    expect(client.connected).toBe(true)
  })

  test.each([true, false])(
    'a client may listen to 2,048 filters at once; more is refused in the SUBACK (clean session: %s)',
    async (clean) => {
      await broker.start()
      const client = await broker.connect('srv-ingest', { clean, clientId: 'curious' })
      const filters = Array.from({ length: subscriptionsLimit + 1 }, (_, at) => `est/1/hengkang/${at}/#`)
      for (let at = 0; at < subscriptionsLimit - 24; at += 253) {
        const granted = await client.subscribeAsync(filters.slice(at, at + 253))
        expect(granted.every(({ qos }) => qos === 0)).toBe(true)
      }
      await expect(client.subscribeAsync(filters.slice(-25))).rejects.toThrow('Unspecified error')
      expect(await broker.refusals('too-many-subscriptions')).toBe(1)
      await client.subscribeAsync(filters[0] ?? '', { qos: 1 })
      await client.unsubscribeAsync(filters[0] ?? '')
      await client.subscribeAsync(filters.at(-1) ?? '')
      expect(client.connected).toBe(true)
    },
  )
})

describe('last wills', () => {
  const will = {
    topic: `${house}conn`,
    payload: Buffer.from('{"state":"offline"}'),
    qos: 1,
    retain: true,
  } as const

  test('the will of a device that vanishes is kept like a message of its own, marked as a will', async () => {
    await broker.start()
    const client = await broker.connect('hengkang-b01-heat', { will })
    client.stream.destroy()
    await vi.waitFor(() => expect(broker.kept()).toMatchObject([{ topic: `${house}conn`, will: true }]))
  })

  test('the will that a full log refuses is kept as soon as there is room, for the device stays away', async () => {
    await broker.start({ maxBytes: 2_000, willGraceMs: 100 })
    const client = await broker.connect('hengkang-b01-heat', { will })
    const gone = closed(client)
    client.publish(`${house}tele`, 'x'.repeat(3_000), { qos: 1 })
    await gone
    await vi.waitFor(() => expect(broker.kept()).toMatchObject([{ topic: `${house}conn`, will: true }]))
    expect(await broker.refusals('will-put-off')).toBe(1)
    await vi.waitFor(async () => expect(await broker.count('estate_broker_wills')).toBe(0))
    expect(broker.kept()).toHaveLength(1)
  })

  test('but not once the device is back: it is not lost', async () => {
    await broker.start({ maxBytes: 2_000, willGraceMs: 400 })
    const client = await broker.connect('hengkang-b01-heat', { will })
    const gone = closed(client)
    client.publish(`${house}tele`, 'x'.repeat(3_000), { qos: 1 })
    await gone
    await vi.waitFor(async () => expect(await broker.refusals('will-put-off')).toBe(1))
    await broker.connect('hengkang-b01-heat')
    await vi.waitFor(async () => expect(await broker.count('estate_broker_wills')).toBe(0))
    expect(broker.kept()).toEqual([])
  })

  test('a device that says goodbye leaves no will', async () => {
    await broker.start()
    const leaving = await broker.connect('hengkang-b01-heat', { will })
    await leaving.endAsync()
    const staying = await broker.connect('hengkang-station')
    await staying.publishAsync(`${station}tele`, 'later', { qos: 1 })
    expect(said()).toEqual(['later'])
  })

  test("the broker's own stop is nobody's last will", async () => {
    await broker.start()
    const client = await broker.connect('hengkang-b01-heat', { will })
    const gone = closed(client)
    await broker.stop()
    await gone
    expect(broker.kept()).toEqual([])
  })
})

describe('subscribers', () => {
  const listen = async (): Promise<MqttClient> => {
    const client = await broker.connect('srv-ingest')
    await client.subscribeAsync('est/#')
    return client
  }

  test('who listens hears a reading after it is kept', async () => {
    await broker.start()
    const heard = heardBy(await listen())
    const client = await broker.connect('hengkang-b01-heat')
    await client.publishAsync(`${house}tele`, 'hello', { qos: 1 })
    await vi.waitFor(() => expect(heard).toEqual(['hello']))
  })

  test('one that has stopped reading is cut off and holds up neither devices nor other listeners', async () => {
    await broker.start()
    await broker.subscribeFrozen('srv-ingest', 'est/#')
    const heard = heardBy(await listen())
    const client = await broker.connect('hengkang-b01-heat')
    const payload = 'x'.repeat(8_000)
    let sent = 0
    await vi.waitFor(
      async () => {
        await Promise.all(
          Array.from({ length: 100 }, () => client.publishAsync(`${house}hist`, payload, { qos: 1 })),
        )
        sent += 100
        expect(await broker.refusals('slow-consumer')).toBe(1)
      },
      { timeout: 20_000, interval: 1 },
    )
    await vi.waitFor(() => expect(heard).toHaveLength(sent))
    expect(client.connected).toBe(true)
  })
})

test('the broker stops within two seconds while devices are sending', async () => {
  await broker.start()
  const client = await broker.connect('hengkang-b01-heat')
  for (let seq = 0; seq < 200; seq++) client.publish(`${house}tele`, `${seq}`, { qos: 1 })
  const began = Date.now()
  await broker.stop()
  expect(Date.now() - began).toBeLessThan(2_000)
})

test('clients without an id are told apart: none takes over the connection of another [MQTT-3.1.3-6]', async () => {
  await broker.start()
  const first = await broker.connect('srv-ingest', { clientId: '', clean: true })
  const second = await broker.connect('srv-ingest', { clientId: '', clean: true })
  await second.publishAsync('srv/1/status', 'here', { qos: 1 })
  await first.publishAsync('srv/1/status', 'here, too', { qos: 1 })
  expect(first.connected).toBe(true)
})
