import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildRegistry } from '../estate/registry-index.ts'
import { decode } from '../firmware-contracts/decode.ts'
import { encodeAck, encodeReading } from '../firmware-contracts/encode.ts'
import { replaySchema, type ReplayPayload } from '../firmware-contracts/server-messages.ts'
import { VirtualClock } from '../platform/clock.ts'
import { silentLog } from '../platform/log.ts'
import { openMetrics } from '../platform/metrics.ts'
import type { DecodedMessage } from './decoded-log.ts'
import { IngestMemory } from './memory.ts'
import { ReplayAsker } from './replay-asker.ts'
import { sort } from './sorting.ts'

/** The asker on a clock of its own, over a real memory; what it commands is caught on its way to the broker. */

const noonMs = Date.parse('2026-01-15T12:00:00+08:00')
const minute = 60_000
const site = 'hengkang'
const contract = 'heat-entrance/1.0'
const house = (number: number) => `${site}-b${String(number).padStart(4, '0')}-heat`
const named = { zh: '楼', en: 'House' }

let folder: string
let memory: IngestMemory
let clock: VirtualClock
let commands: { device: string; command: ReplayPayload; atMs: number }[]
let asker: ReplayAsker
let position: number

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'asker-'))
  clock = new VirtualClock(noonMs)
  commands = []
  position = 0
  start()
})

afterEach(() => {
  stop()
  rmSync(folder, { recursive: true, force: true })
})

const registry = buildRegistry({
  district: { id: 'kuangqu', name: named },
  sites: [{ id: site, name: named }],
  nodes: [{ id: 'house', type: 'building', site, name: named }],
  devices: Array.from({ length: 100 }, (_, at) => ({
    id: house(at),
    kind: 'heat-entrance',
    site,
    node: 'house',
  })),
})

function start(): void {
  memory = new IngestMemory(join(folder, 'ingest.db'))
  memory.start()
  asker = new ReplayAsker({
    memory,
    registry: { get: () => registry },
    notices: {
      connected: () => true,
      command: ({ device }, name, payload) => {
        expect(name).toBe('replay')
        const command = replaySchema.parse(JSON.parse(new TextDecoder().decode(payload)))
        commands.push({ device, command, atMs: clock.now() })
      },
    },
    readUpToMs: () => clock.now(),
    clock,
    logger: silentLog,
    metrics: openMetrics('test'),
  })
  asker.start()
}

function stop(): void {
  asker.stop()
  memory.stop()
}

function said(device: string, last: string, payload: Uint8Array): DecodedMessage {
  const topic = `est/1/${site}/heat-entrance/${device}/${last}`
  const from = { position: ++position, receivedMs: clock.now(), publisher: device, will: false }
  return { intake: { ...from, retain: false, qos: 1, topic, payload }, decoded: decode(topic, payload) }
}

const stamp = (seq: number) => ({ contract, boot: 1, seq, t: clock.now(), clock: 'n' }) as const
const sample = (device: string, seq: number) =>
  said(device, 'tele', encodeReading({ ...stamp(seq), values: { p_ret_kpa: 223 } }))

function hear(...messages: readonly DecodedMessage[]): void {
  memory.commit(
    sort(messages, (device) => memory.device(device)),
    position,
  )
}

test('after an outage a hundred devices with a gap are asked ten a second, each once', () => {
  for (let at = 0; at < 100; at++) hear(sample(house(at), 1), sample(house(at), 5))
  clock.advance(29_000)
  expect(commands).toEqual([])
  clock.advance(15_000)
  expect(new Set(commands.map(({ device }) => device)).size).toBe(100)
  expect(commands).toHaveLength(100)
  const bySecond = Map.groupBy(commands, ({ atMs }) => atMs)
  expect(Math.max(...[...bySecond.values()].map((asked) => asked.length))).toBe(10)
  expect(commands[0]?.command.args).toEqual({ b: 1, from: 2, to: 4 })
  expect(commands[0]?.command.exp).toBeGreaterThan(commands[0]?.atMs ?? 0)
})

test('a device with two gaps is asked for one after the other', () => {
  hear(sample(house(1), 1), sample(house(1), 3), sample(house(1), 5))
  clock.advance(2 * minute)
  const asked = commands.map(({ command }) => command.args.from)
  expect(asked.slice(0, 2)).toEqual([2, 4])
  expect((commands[1]?.atMs ?? 0) - (commands[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(15_000)
})

test('who does not speak is not asked again, not even after a restart of ours, until it does', () => {
  hear(sample(house(1), 1), sample(house(1), 5))
  clock.advance(minute)
  expect(commands).toHaveLength(1)
  clock.advance(60 * minute)
  stop()
  start()
  clock.advance(60 * minute)
  expect(commands).toHaveLength(1)
  hear(sample(house(1), 6))
  clock.advance(minute)
  expect(commands).toHaveLength(2)
})

test('what the device no longer has is given up at once, known and counted', () => {
  hear(sample(house(1), 1), sample(house(1), 5))
  clock.advance(minute)
  const id = commands[0]?.command.id ?? ''
  const ack = encodeAck({ ...stamp(6), id, ok: false, code: 'gone' })
  hear(said(house(1), 'ack/replay', ack))
  for (let seq = 7; seq < 200; seq++) {
    hear(sample(house(1), seq))
    clock.advance(10 * minute)
  }
  expect(commands).toHaveLength(1)
  expect(memory.books.numbering()).toMatchObject({ missing: 3, givenUp: 3, filled: 0 })
  hear(sample(house(1), 3))
  expect(memory.books.numbering(), 'and still welcome').toMatchObject({ missing: 2, givenUp: 2, filled: 1 })
})

test('who never answers is asked five times', () => {
  hear(sample(house(1), 1), sample(house(1), 5))
  for (let seq = 6; seq < 300; seq++) {
    clock.advance(10 * minute)
    hear(sample(house(1), seq))
  }
  expect(commands).toHaveLength(5)
  expect(memory.books.numbering()).toMatchObject({ missing: 3, givenUp: 3 })
})
