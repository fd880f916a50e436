import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { VirtualClock } from '../platform/clock.ts'
import { silentLog } from '../platform/log.ts'
import { openMetrics } from '../platform/metrics.ts'
import { BrokerMemory, sessionExpiryMs } from './memory.ts'
import { sessionsOfUserLimit, subscriptionsLimit } from './sessions.ts'

/** The bounds of what the broker remembers. */

const startMs = 1_763_510_400_000
const filter = { topic: 'est/1/+/+/+/state', qos: 1 } as const

let folder: string
let memory: BrokerMemory
let clock: VirtualClock

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'broker-memory-'))
  clock = new VirtualClock(startMs)
  await open()
})

afterEach(async () => {
  await memory.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function open(): Promise<void> {
  const common = { clock, logger: silentLog, metrics: openMetrics('test') }
  memory = new BrokerMemory({ file: join(folder, 'broker.db'), onCursor: () => {}, ...common })
  await memory.start(join(folder, 'intake.db'))
}

const known = () => [...memory.sessions.all()].map(({ client }) => client)

test('a session that nobody used for a month is forgotten; one whose client is there is not', async () => {
  memory.sessions.subscribe('a:gone', [filter], clock.now())
  memory.sessions.subscribe('b:here', [filter], clock.now())
  const here = memory.sessions.get('b:here')
  if (here) here.connected = true
  clock.advance(sessionExpiryMs)
  memory.expire()
  expect(known()).toEqual(['a:gone', 'b:here'])
  clock.advance(1)
  memory.expire()
  expect(known()).toEqual(['b:here'])
  await memory.durable()
  await memory.stop()
  await open()
  expect(known()).toEqual(['b:here'])
  expect(memory.sessions.subscribed('est/1/hengkang/charger/x/state')).toHaveLength(1)
})

test('a client that makes up a new id each time keeps its newest sessions, and costs others nothing', () => {
  memory.sessions.subscribe('b:other', [filter], clock.now())
  for (let at = 0; at < sessionsOfUserLimit + 3; at++) {
    clock.advance(1_000)
    memory.sessions.subscribe(`a:${at}`, [filter], clock.now())
  }
  expect(known()).toHaveLength(1 + sessionsOfUserLimit)
  expect(known()).toEqual(expect.arrayContaining(['b:other', 'a:3', `a:${sessionsOfUserLimit + 2}`]))
})

test('a session takes so many subscriptions and no more', () => {
  const filters = Array.from({ length: subscriptionsLimit }, (_, at) => ({ ...filter, topic: `est/${at}` }))
  memory.sessions.subscribe('a:a', filters, clock.now())
  memory.sessions.subscribe('a:a', filters, clock.now())
  expect(() => memory.sessions.subscribe('a:a', [filter], clock.now())).toThrow(
    `${subscriptionsLimit} subscriptions`,
  )
})

test('what was queued counts until it is acknowledged, also after a restart', async () => {
  memory.sessions.subscribe('a:a', [filter], clock.now())
  const topic = 'est/1/hengkang/charger/x/state'
  for (const payload of ['one', 'two']) memory.take({ topic, payload, qos: 2, retain: false }, 7)
  await memory.durable()
  await memory.stop()
  await open()
  expect(memory.sessions.queued).toEqual({ count: 2, bytes: 2 * topic.length + 6 })
  const session = memory.sessions.get('a:a')
  const [first] = session?.waiting.values() ?? []
  expect(first).toMatchObject({ qos: 1, topic, payload: Buffer.from('one') })
  if (session && first) memory.sessions.sent(session, first, 1)
  memory.sessions.acknowledge('a:a', 1)
  expect(memory.sessions.queued.count).toBe(1)
})

test('a message that its client has before it is on disk leaves nothing there, and nothing of it comes back', async () => {
  memory.sessions.subscribe('a:a', [filter], clock.now())
  await memory.durable()
  const session = memory.sessions.get('a:a')
  const said = { topic: 'est/1/hengkang/charger/x/state', qos: 1, retain: false } as const
  for (const payload of ['one', 'two', 'three']) memory.take({ ...said, payload }, 7)
  const [one, two] = session?.waiting.values() ?? []
  if (session && one && two) {
    memory.sessions.sent(session, one, 1)
    memory.sessions.sent(session, two, 2)
  }
  memory.sessions.acknowledge('a:a', 1)
  await memory.durable()
  memory.sessions.acknowledge('a:a', 2)
  await memory.durable()
  await memory.stop()
  await open()
  const left = [...(memory.sessions.get('a:a')?.waiting.values() ?? [])]
  expect(left.map(({ payload }) => payload.toString())).toEqual(['three'])
})
