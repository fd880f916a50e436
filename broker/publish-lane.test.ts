import { once } from 'node:events'
import fc from 'fast-check'
import { generate, type Packet } from 'mqtt-packet'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { IntakeLog } from '../platform/intake-log.ts'
import { BrokerMemory } from './memory.ts'
import { heardBy, house, RunningBroker, station } from './running-broker.fixture.ts'

let broker: RunningBroker

beforeEach(() => {
  broker = new RunningBroker()
})

afterEach(() => broker.discard())

const reading = (
  messageId: number,
  options: { retain?: boolean; qos?: 0 | 1; topic?: string; payload?: string } = {},
): Packet => ({
  cmd: 'publish',
  topic: options.topic ?? `${house}tele`,
  payload: options.payload ?? `${messageId}`,
  qos: options.qos ?? 1,
  messageId,
  dup: false,
  retain: options.retain ?? false,
})

const acknowledged = (heard: Packet[]) =>
  heard.flatMap((packet) => (packet.cmd === 'puback' ? [packet.messageId] : []))

const payloads = () => broker.kept().map(({ payload }) => Number(Buffer.from(payload).toString()))

test('however the network cuts and joins them, packets of every kind are kept and acknowledged in order', async () => {
  await broker.start()
  const { socket, heard } = await broker.connectBare('hengkang-b01-heat')
  let sent = 0
  const kind = fc.constantFrom('plain', 'plain', 'plain', 'retained', 'ping', 'fire and forget')
  await fc.assert(
    fc.asyncProperty(
      fc.array(kind, { minLength: 1, maxLength: 40 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 300 })),
      async (kinds, cuts) => {
        heard.length = 0
        const from = sent + 1
        const packets = kinds.map((kind) => {
          if (kind === 'ping') return { cmd: 'pingreq' } as const
          sent++
          return reading(sent, { retain: kind === 'retained', qos: kind === 'fire and forget' ? 0 : 1 })
        })
        const bytes = Buffer.concat(packets.map((packet) => generate(packet)))
        for (let at = 0; at < bytes.length;) {
          const [cut = 1] = cuts.take(1)
          socket.write(bytes.subarray(at, at + cut))
          at += cut
          await new Promise(setImmediate)
        }
        const expected = packets.flatMap((packet) =>
          packet.cmd === 'publish' && packet.qos === 1 ? [packet.messageId] : [],
        )
        const pings = packets.filter(({ cmd }) => cmd === 'pingreq').length
        await vi.waitFor(() => {
          expect(acknowledged(heard)).toEqual(expected)
          expect(heard.filter(({ cmd }) => cmd === 'pingresp')).toHaveLength(pings)
        })
        await vi.waitFor(() =>
          expect(payloads().slice(from - 1)).toEqual(
            Array.from({ length: sent - from + 1 }, (_, at) => from + at),
          ),
        )
      },
    ),
    { numRuns: 40 },
  )
})

test('a subscriber hears what comes on the lane, from the moment of its SUBACK until its UNSUBACK', async () => {
  await broker.start()
  const { socket, heard } = await broker.connectBare('hengkang-b01-heat')
  const say = async (id: number) => {
    socket.write(generate(reading(id)))
    await vi.waitFor(() => expect(heard.at(-1)).toMatchObject({ cmd: 'puback', messageId: id }))
  }
  await say(1)
  const listener = await broker.connect('srv-ingest')
  const said = heardBy(listener)
  await listener.subscribeAsync(`${house}+`, { qos: 1 })
  await say(2)
  await vi.waitFor(() => expect(said).toEqual(['2']))
  await listener.unsubscribeAsync(`${house}+`)
  await say(3)
  await listener.subscribeAsync(`${house}tele`)
  await say(4)
  await vi.waitFor(() => expect(said).toEqual(['2', '4']))
})

test('a session whose owner is away has its messages when it comes back', async () => {
  await broker.start()
  const session = { clean: false, clientId: 'night-shift' }
  const first = await broker.connect('srv-ingest', session)
  await first.subscribeAsync(`${house}#`, { qos: 1 })
  await first.endAsync()
  const { socket, heard } = await broker.connectBare('hengkang-b01-heat')
  socket.write(generate(reading(1)))
  await vi.waitFor(() => expect(heard).toMatchObject([{ cmd: 'puback', messageId: 1 }]))
  const said: string[] = []
  const second = await broker.connect('srv-ingest', { ...session, manualConnect: false })
  second.on('message', (_, payload) => said.push(payload.toString()))
  await second.subscribeAsync(`${house}#`, { qos: 1 })
  await vi.waitFor(() => expect(said).toEqual(['1']))
})

test.each(['plain', 'retained'])(
  'what a device may not say ends its connection after the PUBACK of the %s reading before it',
  async (kind) => {
    await broker.start()
    const { socket, heard } = await broker.connectBare('hengkang-b01-heat')
    const gone = once(socket, 'close')
    const packets = [reading(1, { retain: kind === 'retained' }), reading(2, { topic: `${station}tele` })]
    socket.write(Buffer.concat(packets.map((packet) => generate(packet))))
    await gone
    expect(await broker.refusals('not-its-topic')).toBe(1)
    expect(payloads()).toEqual([1])
    expect(acknowledged(heard)).toEqual([1])
  },
)

test('what comes together with a goodbye is acknowledged, and the goodbye is heard: no will is spoken', async () => {
  await broker.start()
  const will = { topic: `${house}conn`, payload: Buffer.from('lost'), qos: 1, retain: true } as const
  const { socket, heard } = await broker.connectBare('hengkang-b01-heat', { will })
  const gone = once(socket, 'close')
  socket.end(Buffer.concat([generate(reading(1)), generate({ cmd: 'disconnect' })]))
  await gone
  expect(acknowledged(heard)).toEqual([1])
  await vi.waitFor(async () => expect(await broker.count('estate_broker_wills')).toBe(0))
  expect(payloads()).toEqual([1])
})

test('no PUBACK overtakes one that waits for the disk of sessions [MQTT-4.6.0-2]', async () => {
  await broker.start()
  const { socket, heard } = await broker.connectBare('hengkang-b01-heat')
  const crowded = vi.spyOn(BrokerMemory.prototype, 'crowded', 'get').mockReturnValueOnce(true)
  const packets = [1, 2, 3].map((id) => generate(reading(id, { retain: true })))
  socket.write(Buffer.concat(packets))
  await vi.waitFor(() => expect(acknowledged(heard)).toHaveLength(3))
  crowded.mockRestore()
  expect(acknowledged(heard)).toEqual([1, 2, 3])
})

test('where the log fills up, what was kept before is acknowledged, nothing after it, and the connection ends [MQTT-4.6.0-2]', async () => {
  await broker.start({ maxBytes: 2_000 })
  const { socket, heard } = await broker.connectBare('hengkang-b01-heat')
  const gone = once(socket, 'close')
  const tooMuch = reading(3, { payload: 'x'.repeat(3_000) })
  const after = Array.from({ length: 20_000 }, (_, index) => reading(index + 4))
  const packets = [reading(1), reading(2), tooMuch, ...after]
  socket.write(Buffer.concat(packets.map((packet) => generate(packet))))
  await gone
  expect(acknowledged(heard)).toEqual([1, 2])
  expect(payloads()).toEqual([1, 2])
  expect(await broker.refusals('not-kept')).toBe(1)
})

test.each(['plain', 'retained'])(
  'while a %s reading is on its way to disk, its device is not read from',
  async (kind) => {
    await broker.start()
    const { socket, heard } = await broker.connectBare('hengkang-b01-heat')
    const other = await broker.connectBare('hengkang-station')
    const appended = vi.spyOn(IntakeLog.prototype, 'append')
    const letGo = broker.holdLog()
    const ids = Array.from({ length: 20 }, (_, index) => index + 1)
    for (const id of ids) {
      socket.write(generate(reading(id, { retain: kind === 'retained' })))
      // What was written before it has come to the broker too.
      other.socket.write(generate({ cmd: 'pingreq' }))
      await vi.waitFor(() => expect(other.heard).toHaveLength(id), { interval: 1 })
    }
    const waiting = appended.mock.calls.length
    letGo()
    await vi.waitFor(() => expect(acknowledged(heard)).toEqual(ids))
    appended.mockRestore()
    expect(waiting).toBe(1)
  },
)
