import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { closed, heardBy, house, RunningBroker, station } from './running-broker.fixture.ts'

/** What a crash of the broker leaves. The moment right after a PUBACK is the interesting one: the message is in
 *  the log, and what it does may not be in `broker.db` yet. */

let broker: RunningBroker

beforeEach(() => {
  broker = new RunningBroker()
})

afterEach(() => broker.discard())

const follower = () => broker.connect('srv-ingest', { clientId: 'follower', clean: false })

async function subscribeAndLeave(filter: string): Promise<void> {
  const client = await follower()
  await client.subscribeAsync(filter, { qos: 1 })
  await client.endAsync()
}

const numbers = (count: number) => Array.from({ length: count }, (_, number) => `${number}`)

describe('right after the PUBACK', () => {
  test('a message for a session whose client is away is queued, once, however often the broker dies', async () => {
    await broker.start()
    await subscribeAndLeave('est/1/+/+/+/state')
    for (const round of numbers(5)) {
      const device = await broker.connect('hengkang-b01-heat')
      for (const at of numbers(20))
        await device.publishAsync(`${house}state`, `${Number(round) * 20 + Number(at)}`, { qos: 1 })
      await broker.crash()
      await broker.start()
    }
    const heard = heardBy(await follower())
    await vi.waitFor(() => expect(heard).toEqual(numbers(100)))
  })

  test('a retained message is the last word, and an older one does not come over it', async () => {
    await broker.start()
    const device = await broker.connect('hengkang-b01-heat')
    for (const text of numbers(30)) await device.publishAsync(`${house}state`, text, { qos: 1, retain: true })
    await broker.crash()
    await broker.start()
    const late = await broker.connect('srv-ingest')
    const heard = heardBy(late)
    await late.subscribeAsync('est/#', { qos: 1 })
    await vi.waitFor(() => expect(heard).toEqual(['29']))
  })

  test('what a service said to a device that is away is kept, though it is in no log', async () => {
    await broker.start()
    const device = { clientId: 'a', clean: false }
    const client = await broker.connect('hengkang-b01-heat', device)
    await client.subscribeAsync(`${house}cmd/#`, { qos: 1 })
    await client.endAsync()
    const service = await broker.connect('srv-ingest')
    await service.publishAsync(`${house}cmd/replay`, 'from 7 to 9', { qos: 1 })
    await service.publishAsync('srv/1/status', 'here', { qos: 1, retain: true })
    await broker.crash()
    await broker.start()
    const again = await broker.connect('hengkang-b01-heat', device)
    const heard = heardBy(again)
    await vi.waitFor(() => expect(heard).toEqual(['from 7 to 9']))
    await again.subscribeAsync('srv/1/status')
    await vi.waitFor(() => expect(heard).toEqual(['from 7 to 9', 'here']))
  })

  test('an unsubscribed topic is not heard again, and a clean session not resurrected', async () => {
    await broker.start()
    const client = await follower()
    await client.subscribeAsync([`${house}state`, `${house}conn`], { qos: 1 })
    await client.unsubscribeAsync(`${house}state`)
    await broker.crash()
    await broker.start()
    const device = await broker.connect('hengkang-b01-heat')
    await device.publishAsync(`${house}state`, 'unwanted', { qos: 1 })
    await device.publishAsync(`${house}conn`, 'wanted', { qos: 1 })
    const again = await follower()
    const heard = heardBy(again)
    await vi.waitFor(() => expect(heard).toEqual(['wanted']))
    await again.endAsync()
    await broker.connect('srv-ingest', { clientId: 'follower', clean: true })
    await broker.crash()
    await broker.start()
    expect(await broker.count('estate_broker_sessions')).toBe(0)
  })
})

describe('the wills of who was connected when the broker died', () => {
  const will = { topic: `${house}conn`, payload: Buffer.from('lost'), qos: 1, retain: true } as const

  test('are spoken when the device does not come back, and are its messages like any other', async () => {
    await broker.start()
    await broker.connect('hengkang-b01-heat', { will })
    await broker.crash()
    await broker.start({ willGraceMs: 200 })
    await vi.waitFor(() =>
      expect(broker.kept()).toMatchObject([
        { topic: `${house}conn`, publisher: 'hengkang-b01-heat', will: true, retain: true },
      ]),
    )
  })

  test('are not spoken of a device that came back, under whatever client id', async () => {
    await broker.start()
    await broker.connect('hengkang-b01-heat', { will })
    const other = { ...will, topic: `${station}conn` }
    await broker.connect('hengkang-station', { will: other })
    await broker.crash()
    await broker.start({ willGraceMs: 400 })
    await broker.connect('hengkang-b01-heat')
    await vi.waitFor(() => expect(broker.kept()).toMatchObject([{ topic: `${station}conn`, will: true }]))
  })

  test('are not spoken after a crash of who said goodbye before it', async () => {
    await broker.start()
    const leaving = await broker.connect('hengkang-b01-heat', { will })
    await broker.connect('hengkang-station', { will: { ...will, topic: `${station}conn` } })
    await leaving.endAsync()
    await vi.waitFor(async () => expect(await broker.count('estate_broker_connections')).toBe(1))
    // What is recorded is on disk with the next change that somebody waits for.
    await broker.connect('srv-ingest', { will: { ...will, topic: 'srv/1/status' } })
    await broker.crash()
    await broker.start({ willGraceMs: 200 })
    await vi.waitFor(() => expect(broker.kept()).toMatchObject([{ topic: `${station}conn`, will: true }]))
  })

  test('are kept of the newer of two connections, when it has thrown out the older one', async () => {
    await broker.start()
    const options = { clientId: 'a', will }
    const older = await broker.connect('hengkang-b01-heat', options)
    const gone = closed(older)
    await broker.connect('hengkang-b01-heat', options)
    await gone
    await vi.waitFor(() => expect(broker.kept()).toHaveLength(1))
    // A round trip later, whatever the end of the older one did is on disk.
    const other = await broker.connect('srv-ingest')
    await other.publishAsync('srv/1/status', 'here', { qos: 1, retain: true })
    await broker.crash()
    await broker.start({ willGraceMs: 200 })
    await vi.waitFor(() => expect(broker.kept().filter((one) => one.will)).toHaveLength(2))
  })

  test('may say only what their device may: another one is not let in', async () => {
    await broker.start()
    const foreign = { ...will, topic: `${station}conn` }
    await expect(broker.connect('hengkang-b01-heat', { will: foreign })).rejects.toThrow('Not authorized')
    expect(await broker.refusals('will-not-allowed')).toBe(1)
  })
})

test('damaged, the memory is moved aside and said to be; what the log still holds is taken again', async () => {
  await broker.start()
  await subscribeAndLeave('est/1/+/+/+/state')
  const device = await broker.connect('hengkang-b01-heat')
  await device.publishAsync(`${house}state`, 'on', { qos: 1, retain: true })
  await broker.stop()
  broker.damage('broker.db')
  await broker.start()
  expect(broker.files().some((file) => file.startsWith('broker.db.damaged-'))).toBe(true)
  expect(await broker.count('estate_broker_memory_damaged_total')).toBe(1)
  expect(await broker.count('estate_broker_sessions')).toBe(0)
  const late = await broker.connect('srv-ingest')
  const heard = heardBy(late)
  await late.subscribeAsync('est/#', { qos: 1 })
  await vi.waitFor(() => expect(heard).toEqual(['on']))
})

test('damaged while it is written, the memory is begun anew from what the broker has in mind', async () => {
  await broker.start()
  await subscribeAndLeave('est/1/+/+/+/state')
  const device = await broker.connect('hengkang-b01-heat')
  await device.publishAsync(`${house}state`, 'on', { qos: 1, retain: true })
  broker.damageUnderWay('broker.db')
  await device.publishAsync(`${house}state`, 'off', { qos: 1, retain: true })
  await vi.waitFor(() =>
    expect(broker.files().some((file) => file.startsWith('broker.db.damaged-'))).toBe(true),
  )
  await vi.waitFor(() => expect(broker.sessionsOnDisk()).toBe(1), 5_000)
  await broker.crash()
  await broker.start()
  expect(await broker.count('estate_broker_sessions')).toBe(1)
  const late = await broker.connect('srv-ingest')
  const heard = heardBy(late)
  await late.subscribeAsync('est/#', { qos: 1 })
  await vi.waitFor(() => expect(heard).toEqual(['off']))
})

test('a disk that fails costs nothing that is in memory, holds up no device, and is written anew when it is well', async () => {
  await broker.start()
  await subscribeAndLeave('est/1/+/+/+/state')
  const device = await broker.connect('hengkang-b01-heat')
  await device.publishAsync(`${house}state`, 'before', { qos: 1, retain: true })
  const release = broker.holdMemory()
  await device.publishAsync(`${house}state`, 'meanwhile', { qos: 1, retain: true })
  const service = await broker.connect('srv-ingest')
  const refused = closed(service)
  service.publish('srv/1/status', 'not kept', { qos: 1, retain: true })
  await refused
  expect(broker.remembers).toBe(false)
  const will = { topic: `${station}conn`, payload: Buffer.from('lost'), qos: 1 } as const
  await broker.connect('hengkang-station', { will })
  await device.publishAsync(`${house}state`, 'at last', { qos: 1, retain: true })
  release()
  await vi.waitFor(() => expect(broker.remembers).toBe(true), { timeout: 5_000 })
  await broker.crash()
  await broker.start()
  const heard = heardBy(await follower())
  await vi.waitFor(() => expect(heard).toEqual(['before', 'meanwhile', 'at last']))
})
