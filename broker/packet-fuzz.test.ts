import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import type { MqttClient } from 'mqtt'
import { generate, type Packet } from 'mqtt-packet'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { house, RunningBroker, station } from './running-broker.fixture.ts'

/** Whoever reaches the port may send whatever he likes: the broker stays, and nobody else notices (`npm run fuzz`:
 *  ten times as much). */

const callersAtOnce = 8
const rounds = 75 * Number(process.env['FUZZ_TIMES'] ?? 1)
const gapLimitMs = 250
const silenceMs = 50

let broker: RunningBroker

beforeEach(() => {
  broker = new RunningBroker()
})

afterEach(() => broker.discard())

/** A device that says something all the time, and the longest time between two of its PUBACKs. On a machine that
 *  does something else meanwhile, time passes for nobody here: so it is counted in turns of the event loop, 1 ms
 *  each, and in processor time, for who blocks the loop does not let it turn. */
class SteadyDevice {
  readonly #client: MqttClient
  #running = true
  #done: Promise<void> = Promise.resolve()
  worstGapMs = 0
  /** By the clock on the wall, whoever else used the machine. */
  worstWallMs = 0
  said = 0

  constructor(client: MqttClient) {
    this.#client = client
  }

  start(): void {
    this.#done = this.#speak()
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#done
  }

  async #speak(): Promise<void> {
    let turns = 0
    const turning = setInterval(() => turns++, 1)
    while (this.#running) {
      const [turnsBefore, workBefore, beganMs] = [turns, process.cpuUsage(), performance.now()]
      await this.#client.publishAsync(`${house}tele`, `${this.said++}`, { qos: 1 })
      const { user, system } = process.cpuUsage(workBefore)
      this.worstGapMs = Math.max(this.worstGapMs, turns - turnsBefore, (user + system) / 1_000)
      this.worstWallMs = Math.max(this.worstWallMs, performance.now() - beganMs)
      await pause(1)
    }
    clearInterval(turning)
  }
}

const intruder = { username: 'hengkang-station', password: Buffer.from('secret of hengkang-station') }
const helloPacket: Packet = { cmd: 'connect', clientId: 'fuzz', clean: true, keepalive: 0, ...intruder }

const anyTopic = fc.oneof(
  fc.constant(`${station}tele`),
  fc.constant('a/'.repeat(200)),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).map((text) => text.replaceAll(/[+#]/g, '')),
)
const validPacket: fc.Arbitrary<Packet> = fc.oneof(
  fc.record({
    cmd: fc.constant('publish' as const),
    topic: anyTopic.filter((topic) => topic !== ''),
    payload: fc.string({ maxLength: 200 }),
    qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
    messageId: fc.integer({ min: 1, max: 65_535 }),
    dup: fc.constant(false),
    retain: fc.boolean(),
  }),
  fc.record({
    cmd: fc.constant('subscribe' as const),
    messageId: fc.integer({ min: 1, max: 65_535 }),
    subscriptions: fc.array(
      fc.record({
        topic: anyTopic.filter((topic) => topic !== ''),
        qos: fc.constantFrom(0 as const, 1 as const),
      }),
      {
        minLength: 1,
        maxLength: 5,
      },
    ),
  }),
  fc.constant<Packet>({ cmd: 'pingreq' }),
  fc.constant<Packet>({ cmd: 'disconnect' }),
  fc.constant<Packet>({ cmd: 'pubrel', messageId: 7 }),
  fc.constant<Packet>(helloPacket),
)

/** Packets that are right but for one thing: cut off, a byte changed, or a byte more. */
const mutated = fc
  .tuple(
    fc.array(validPacket, { minLength: 1, maxLength: 5 }),
    fc.constantFrom('cut', 'change', 'add', 'leave'),
    fc.nat(),
    fc.nat(255),
  )
  .map(([packets, how, where, byte]) => {
    const bytes = Buffer.concat(packets.map((packet) => generate(packet)))
    const at = where % bytes.length
    if (how === 'cut') return bytes.subarray(0, at)
    if (how === 'add') return Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at)])
    if (how === 'change') bytes[at] = byte
    return bytes
  })

const noise = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes))

/** Says it and waits until the broker hangs up, or until it is plain that it does not mind. */
function say(bytes: Buffer, introduced: boolean): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(broker.port, '127.0.0.1')
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve())
    socket.resume()
    socket.setTimeout(silenceMs, () => socket.destroy())
    if (introduced) socket.write(generate(helloPacket))
    socket.end(bytes)
  })
}

test(
  'random, truncated and changed packets: the broker lives on, and a steady device does not notice',
  { timeout: 600_000 },
  async () => {
    await broker.start({ connectTimeoutMs: 500 })
    const steady = new SteadyDevice(await broker.connect('hengkang-b01-heat'))
    steady.start()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.oneof(mutated, noise), fc.boolean()), {
          minLength: 1,
          maxLength: callersAtOnce,
        }),
        async (callers) => {
          await Promise.all(callers.map(([bytes, introduced]) => say(bytes, introduced)))
        },
      ),
      { numRuns: rounds },
    )
    await steady.stop()
    expect(steady.said).toBeGreaterThan(10)
    const { worstWallMs, worstGapMs } = steady
    console.info(
      `worst gap ${worstGapMs.toFixed(0)} ms, by the clock on the wall ${worstWallMs.toFixed(0)} ms`,
    )
    expect(worstGapMs).toBeLessThan(gapLimitMs)
    const own = broker.kept().filter(({ publisher }) => publisher === 'hengkang-b01-heat')
    expect(own).toHaveLength(steady.said)
    const next = await broker.connect('hengkang-station')
    await next.publishAsync(`${station}tele`, 'business as usual', { qos: 1 })
  },
)
