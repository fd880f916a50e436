import { expect, test } from 'vitest'
import type { Reading } from '../firmware-contracts/message.ts'
import { DeviceMemory } from './device-memory.ts'
import { PrintBudget, printsPerDevice } from './fingerprints.ts'

const startMs = 1_763_510_400_000

/** The `seq`-th sample of an entrance that samples once a second. */
function sample(seq: number, changed: Partial<Reading> = {}): Reading {
  return {
    site: 'hengkang',
    kind: 'heat-entrance',
    device: 'hengkang-b01-heat',
    class: 'tele',
    contract: 'heat-entrance/1.0',
    boot: 1,
    seq,
    t: startMs + seq * 1_000,
    clock: 'n',
    values: { p_ret_kpa: 200 + (seq % 40), p_sup_kpa: 350 },
    quality: {},
    ...changed,
  }
}

function heard(readings: readonly Reading[], memory = new DeviceMemory()): DeviceMemory {
  for (const reading of readings) memory.admit(reading)
  return memory
}

const restarted = (memory: DeviceMemory) =>
  new DeviceMemory(new PrintBudget(), {
    memory: JSON.stringify(memory),
    asks: JSON.stringify(memory.asks),
  })

test('a message that is sent again is a duplicate, also as back-fill and with its keys in another order', () => {
  const again = sample(2, { class: 'hist', values: { p_sup_kpa: 350, p_ret_kpa: 202 } })
  const memory = heard([sample(1), sample(2), sample(3), sample(2), again])
  expect(memory.numbering()).toMatchObject({ clones: 0, regresses: 0, missing: 0 })
})

test('one number with two contents is a cloned device', () => {
  const memory = heard([sample(1), sample(2), sample(3)])
  expect(memory.admit(sample(2, { values: { p_ret_kpa: 90, p_sup_kpa: 350 } }))).toBe(false)
  expect(memory.numbering().clones).toBe(1)
  memory.admit(sample(3, { t: startMs + 99 }))
  expect(memory.numbering().clones, 'the same values of another moment are another content').toBe(2)
  expect(restarted(memory).numbering().clones, 'the flag stays').toBe(2)
})

test('a clone is told within the last 1,024 identities, over a reboot too', () => {
  const other = (seq: number) => sample(seq, { values: { p_ret_kpa: 1 } })
  const before = Array.from({ length: 10 }, (_, at) => sample(at + 1))
  const after = Array.from({ length: printsPerDevice - 10 }, (_, at) => sample(at + 1, { boot: 2 }))
  const memory = heard([...before, ...after])
  memory.admit(other(1))
  expect(memory.numbering().clones).toBe(1)
  memory.admit(sample(printsPerDevice - 9, { boot: 2 }))
  memory.admit(other(1))
  expect(memory.numbering().clones, 'the oldest has made room').toBe(1)
  memory.admit(other(2))
  expect(memory.numbering().clones).toBe(2)
})

test('the fingerprints of all devices together have a limit', () => {
  const budget = new PrintBudget(48)
  const [first, second] = [new DeviceMemory(budget), new DeviceMemory(budget)]
  for (let seq = 1; seq <= 100; seq++) heard([sample(seq)], first)
  heard([sample(1), sample(2)], second)
  expect(budget.left).toBe(0)
  first.admit(sample(100, { t: 0 }))
  second.admit(sample(2, { t: 0 }))
  expect([first.numbering().clones, second.numbering().clones]).toEqual([1, 1])
})

const traces: Record<string, readonly [readings: readonly Reading[], counted: object]> = {
  'counting up is nothing': [[sample(1), sample(2), sample(3)], { regresses: 0, reboots: 0, missing: 0 }],
  'a gap is no regress, nor is its late filling': [
    [sample(1), sample(4), sample(2), sample(3, { class: 'hist' })],
    { regresses: 0, missing: 0, filled: 2 },
  ],
  'a new boot counter is a reboot': [
    [sample(7), sample(1, { boot: 2, t: startMs + 9_000 })],
    { reboots: 1, regresses: 0, missing: 0 },
  ],
  'a later sample under a lower number is a regress': [
    [sample(50), sample(1, { t: startMs + 51_000 })],
    { regresses: 1, reboots: 0 },
  ],
  'a later sample under a lower boot counter is a regress': [
    [sample(5, { boot: 3 }), sample(6, { boot: 2 })],
    { regresses: 1, reboots: 0 },
  ],
  'the last words of the life before are late, not a regress': [
    [sample(1, { boot: 2, t: startMs + 9_000 }), sample(8)],
    { regresses: 0, reboots: 0 },
  ],
  'a wrap is no regress': [
    [sample(4_294_967_295, { t: startMs }), sample(0, { t: startMs + 1_000 })],
    { wraps: 1, regresses: 0, reboots: 0, missing: 0 },
  ],
  'back-fill of an earlier life is no regress': [
    [sample(3, { boot: 2 }), sample(90, { boot: 1, class: 'hist' })],
    { regresses: 0, reboots: 0 },
  ],
}

test.each(Object.entries(traces))('%s', (_, [readings, counted]) => {
  expect(heard(readings).numbering()).toMatchObject(counted)
  const [first, ...rest] = readings
  const memory = restarted(heard(first ? [first] : []))
  expect(heard(rest, memory).numbering(), 'also with a restart in between').toMatchObject(counted)
})

test('what was said of a connection is not new when it is said again, also after a restart', () => {
  const memory = new DeviceMemory()
  const ready = { boot: 7, state: 'ready', t: startMs } as const
  const lost = { boot: 7, state: 'lost', t: startMs } as const
  const back = { boot: 7, state: 'ready', t: startMs + 60_000 } as const
  expect([ready, lost, back].map((said) => memory.admitConnection(said))).toEqual([true, true, true])
  const again = restarted(memory)
  expect([ready, lost, back].map((said) => again.admitConnection(said))).toEqual([false, false, false])
  expect(again.admitConnection({ ...lost, t: startMs + 60_000 })).toBe(true)
})

test('what could not be read has come: it is not missing, and once it can be read it is new, once', () => {
  let memory = heard([sample(1)])
  memory.refuse({ boot: 1, seq: 2 })
  heard([sample(3)], memory)
  memory.refuse({ boot: 1, seq: 4_000_000_000 })
  memory.refuse({ boot: 77, seq: 1 })
  expect(memory.numbering(), 'a wild number opens no gap').toMatchObject({ missing: 0, reboots: 0 })
  memory = restarted(memory)
  expect([memory.admit(sample(2)), memory.admit(sample(2))]).toEqual([true, false])
  expect(restarted(memory).admit(sample(2))).toBe(false)
  expect(memory.admit(sample(4))).toBe(true)
})

test('every other message unreadable, for hours: what was stored is a duplicate still, what was not is new, once', () => {
  let memory = new DeviceMemory()
  for (let seq = 1; seq <= 2_400; seq++) {
    if (seq % 2 === 0) memory.refuse({ boot: 1, seq })
    else memory.admit(sample(seq))
  }
  memory = restarted(memory)
  expect(memory.numbering().missing).toBe(0)
  expect([3, 1_201, 2_399].map((seq) => memory.admit(sample(seq)))).toEqual([false, false, false])
  const replayed = [1_200, 1_400, 2_398, 2_400]
  expect(replayed.map((seq) => memory.admit(sample(seq)))).toEqual([true, true, true, true])
  memory = restarted(memory)
  expect(replayed.map((seq) => memory.admit(sample(seq)))).toEqual([false, false, false, false])
})
