import Database from 'better-sqlite3'
import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import type { Refusal } from '../firmware-contracts/message.ts'
import { bringUpToDate } from './memory-schema.ts'
import { anyPlace, Quarantine } from './quarantine.ts'

/** The quarantine under devices that get everything wrong. */

const bounds = { groups: 12, groupsPerDevice: 5, rawsPerDevice: 8, rawBytesPerDevice: 200, rawBytes: 500 }
const refusal: Refusal = { reason: 'value-invalid', path: 'd.p_ret_kpa', expected: '0 … 2500', got: '-1' }

let quarantine: Quarantine
let position: number

beforeEach(() => {
  const database = new Database(':memory:')
  bringUpToDate(database)
  quarantine = new Quarantine(database, bounds)
  position = 0
})

function refuse(
  of: { device?: string; sub?: string; path?: string; payload?: string; firmware?: string } = {},
) {
  const { device = 'b01-heat', sub = '', path = refusal.path, payload = '{"c":"heat-entrance/1.0"}' } = of
  const intake = {
    position: ++position,
    receivedMs: 1_000 * position,
    publisher: device,
    will: false,
    retain: false,
    qos: 1,
    topic: `est/1/oak/heat-entrance/${device}/tele${sub}`,
    payload: Buffer.from(payload),
  } as const
  const message = { intake, decoded: { ok: false, refusal } } as const
  quarantine.keep({ message, device, refusal: { ...refusal, path } }, of.firmware ?? '')
}

const everything = () => quarantine.list({}, 1_000)
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

test('the same mistake is one group: how often, since when, until when, from which contract and firmware', () => {
  refuse({ firmware: '2.1.6' })
  refuse({ firmware: '2.1.7' })
  refuse({ firmware: '2.1.7' })
  expect(everything()).toMatchObject([
    {
      ...{ device: 'b01-heat', reason: 'value-invalid', path: 'd.p_ret_kpa', got: '-1' },
      ...{ contract: 'heat-entrance/1.0', firmware: '2.1.7', count: 3, kept: 3 },
      ...{ firstSeen: 1_000, lastSeen: 3_000 },
    },
  ])
})

test.each([
  ['{"c":"water-meter/1.2","b":1,', 'water-meter/1.2'],
  ['\u0000\u0001{"s":4, "c" : "gateway/1.0"', 'gateway/1.0'],
  ['{"b":1}', ''],
  ['', ''],
])('the contract is read from %j, whole or not: %j', (payload, contract) => {
  refuse({ payload })
  expect(everything()[0]?.contract).toBe(contract)
})

test('a device that varies its topics and paths fills its own groups, and the rest goes into one, counted', () => {
  for (let at = 0; at < 40; at++) refuse({ sub: `/p${at % 20}`, path: `d.made_up_${at}` })
  const groups = everything()
  expect(groups).toHaveLength(6)
  expect(groups.find(({ topic, path }) => topic === anyPlace && path === anyPlace)?.count).toBe(35)
  expect(sum(groups.map(({ count }) => count))).toBe(40)
})

test('past the bound of all devices each new one gets one group', () => {
  for (let at = 0; at < 30; at++) refuse({ device: `d${at % 10}`, path: `d.x${at}` })
  const perDevice = Map.groupBy(everything(), ({ device }) => device)
  expect(perDevice.size).toBe(10)
  for (const groups of perDevice.values()) expect(sum(groups.map(({ count }) => count))).toBe(3)
  expect(everything().length).toBeLessThanOrEqual(bounds.groups + 10)
})

test('a babbling mistake makes room among its own raw messages, not from the only sample of another', () => {
  refuse({ path: 'd.rare' })
  for (let at = 0; at < 100; at++) refuse()
  const rare = everything().find(({ path }) => path === 'd.rare')
  expect(rare).toMatchObject({ count: 1, kept: 1 })
  expect(quarantine.raws(rare?.id ?? 0, 10)).toHaveLength(1)
  expect(everything().find(({ path }) => path === refusal.path)).toMatchObject({ count: 100, kept: 7 })
  expect(quarantine.fullness().letGo).toBe(93)
})

test('large messages count by their bytes, and in all the device with the most gives', () => {
  refuse({ device: 'small', payload: 'x'.repeat(20) })
  for (let at = 0; at < 9; at++) refuse({ device: `large${at % 3}`, payload: 'x'.repeat(90) })
  expect(quarantine.fullness().bytes).toBeLessThanOrEqual(bounds.rawBytes)
  expect(everything().find(({ device }) => device === 'small')?.kept).toBe(1)
})

test('whatever devices send, the bounds hold, and no refusal goes uncounted', () => {
  const words = fc.record({
    device: fc.constantFrom('a', 'b', 'c', 'd'),
    path: fc.constantFrom('', 'd.a', 'd.b', 'd.c', 'd.d', 'd.e', 'd.f'),
    payload: fc.string({ maxLength: 80 }),
    discards: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(words, { maxLength: 60 }), (sent) => {
      const database = new Database(':memory:')
      bringUpToDate(database)
      quarantine = new Quarantine(database, bounds)
      let discarded = 0
      for (const { discards, ...one } of sent) {
        refuse(one)
        const [newest] = everything()
        if (!discards || !newest) continue
        quarantine.discard(newest.id)
        discarded += newest.count
      }
      const groups = everything()
      expect(sum(groups.map(({ count }) => count))).toBe(sent.length - discarded)
      const fullness = quarantine.fullness()
      expect(fullness).toMatchObject({ groups: groups.length })
      const raws = groups.flatMap(({ id }) => quarantine.raws(id, 1_000))
      expect(raws).toHaveLength(sum(groups.map(({ kept }) => kept)))
      expect(sum(raws.map(({ payload }) => payload.byteLength))).toBe(fullness.bytes)
      expect(fullness.bytes).toBeLessThanOrEqual(bounds.rawBytes)
      expect(new Quarantine(database, bounds).fullness()).toMatchObject({
        groups: fullness.groups,
        bytes: fullness.bytes,
      })
      for (const own of Map.groupBy(raws, ({ device }) => device).values())
        expect(own.length).toBeLessThanOrEqual(bounds.rawsPerDevice)
    }),
    { numRuns: 60 },
  )
})
