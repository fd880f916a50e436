import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { contractHash } from './hash.ts'
import { contractOf, contracts, signalOf, signalsOf, staleAfterMs } from './kinds.ts'
import { kinds, type Kind } from './message.ts'
import { mistakesIn } from './signal.ts'
import { meterStatus, meterStatusOf } from './words.ts'

const minuteMs = 60_000
const dayMs = 86_400_000

describe('signals', () => {
  const every = kinds.flatMap((kind) =>
    (['device', 'port'] as const).map((of) => [`${kind} ${of}`, signalsOf(kind, of)] as const),
  )

  test.each(every)(
    'every signal of a %s has a title, a period, and the unit its name says',
    (_of, signals) => {
      expect(mistakesIn(signals)).toEqual([])
    },
  )

  test.each(every)('every signal of a %s has a range, or words', (_of, signals) => {
    for (const [name, signal] of Object.entries(signals)) {
      const { minimum, maximum, enum: words } = z.toJSONSchema(signal)
      const ranged = typeof minimum === 'number' && typeof maximum === 'number' && minimum < maximum
      expect(ranged || (words?.length ?? 0) > 1, name).toBe(true)
    }
  })

  test('their unit, resolution and period stand in the JSON Schema', () => {
    expect(
      z.toJSONSchema(contracts.charger.streams['tele/port']?.signals['i_ma'] ?? z.never()),
    ).toMatchObject({
      type: 'integer',
      minimum: 0,
      maximum: 10_000,
      unit: 'mA',
      resolution: 10,
      periodS: 300,
      title: 'Current',
      titleZh: '电流',
    })
  })

  test('a signal without a word for its unit, or with the wrong one, is found', () => {
    const note = { title: 'x', titleZh: 'x', periodS: 1 }
    expect(mistakesIn({ p_kpa: z.int().meta({ ...note, unit: 'bar' }), t_c10: z.int() })).toHaveLength(4)
  })

  test('a stream only carries names that mean the same everywhere in its kind', () => {
    for (const kind of kinds) {
      for (const [name, stream] of Object.entries(contracts[kind].streams)) {
        const all = signalsOf(kind, name.endsWith('/port') ? 'port' : 'device')
        for (const [signal, schema] of Object.entries<z.ZodType>(stream.signals)) {
          expect(schema, `${kind} ${name} ${signal}`).toBe(all[signal])
        }
      }
    }
  })
})

describe('how long a value is believed', () => {
  const cases: [what: string, kind: Kind, name: string, declared: Record<string, number>, ms: number][] = [
    [
      'a station pressure, sampled every 10 s: never less than 3 min',
      'heat-station',
      'p_ret_kpa',
      {},
      180_000,
    ],
    ['an entrance pressure: three periods of a minute', 'heat-entrance', 'p_ret_kpa', {}, 3 * minuteMs],
    ['the outdoor temperature: 30 min', 'heat-station', 't_out_c10', {}, 30 * minuteMs],
    ['a port phase: 15 min', 'charger', 'phase', {}, 15 * minuteMs],
    ['the stream of port states: 15 min', 'charger', 'state/port', {}, 15 * minuteMs],
    ['a room: 45 min', 'room-sensor', 'tele', {}, 45 * minuteMs],
    ['a building meter that said nothing of its periods', 'water-meter', 'vol_l', {}, 3 * minuteMs],
    ['a building meter of one minute', 'water-meter', 'vol_l', { tele: 60 }, 3 * minuteMs],
    ['a household meter that uploads once a day', 'water-meter', 'vol_l', { batch: 86_400 }, 3 * dayMs],
    [
      'a meter in leak mode, uploading and live',
      'water-meter',
      'vol_l',
      { batch: 86_400, tele: 900 },
      45 * minuteMs,
    ],
    ['a battery entrance', 'heat-entrance', 'tele', { tele: 900 }, 45 * minuteMs],
    ['a slow signal in a fast stream', 'heat-station', 't_out_c10', { tele: 10 }, 30 * minuteMs],
    ['a stop reason: it was so, and stays so', 'charger', 'stop_reason', {}, Infinity],
    ['a name nobody knows', 'gateway', 'constructor', {}, 3 * minuteMs],
  ]
  test.each(cases)('%s', (_what, kind, name, declared, ms) => {
    expect(staleAfterMs(kind, name, declared)).toBe(ms)
  })
})

describe('kinds', () => {
  test('a signal is found by its wire name, on the device or on its ports', () => {
    expect(signalOf('charger', 'smoke')).toBe(contracts.charger.streams.tele?.signals['smoke'])
    expect(signalOf('charger', 'relay_fb')).toBe(contracts.charger.streams['tele/port']?.signals['relay_fb'])
    expect(signalOf('charger', 'toString')).toBeUndefined()
  })

  test('each speaks version 1.0 of its contract', () => {
    expect(kinds.map(contractOf)).toEqual(kinds.map((kind) => `${kind}/1.0`))
  })

  test('each contract has a fingerprint of its own, the same at every look', () => {
    const hashes = kinds.map(contractHash)
    expect(hashes).toEqual(kinds.map(contractHash))
    expect(new Set(hashes).size).toBe(kinds.length)
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{8}$/)
  })
})

describe("a meter's status bits", () => {
  test('are named, and an unnamed one is left out', () => {
    expect(meterStatus(0)).toEqual([])
    expect(meterStatus(0b1000_0000_0001_0001)).toEqual(['tamper', 'burst'])
  })

  test('are the same bits when written again', () => {
    for (let bits = 0; bits < 2 ** 11; bits++) expect(meterStatusOf(meterStatus(bits))).toBe(bits)
  })
})
