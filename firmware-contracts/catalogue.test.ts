import { describe, expect, test } from 'vitest'
import { catalogue, deviceMessages, serverMessages } from './catalogue.ts'
import { decode } from './decode.ts'
import {
  encodeCommand,
  encodeConnection,
  encodeFaultNotice,
  encodeOrderNotice,
  encodeReading,
  encodeReject,
  encodeReplay,
  encodeStatus,
  encodeUpload,
  encodeWant,
} from './encode.ts'
import { maxUploadBytes } from './envelope.ts'
import { kinds } from './message.ts'
import { exampleOf } from './examples.ts'

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const t = 1_763_510_400_000
const title = { zh: '二次网疑似爆管', en: 'Secondary main burst' }

describe('the catalogue', () => {
  test('names every message once', () => {
    const names = catalogue.map((message) => message.name)
    expect(new Set(names).size).toBe(names.length)
  })

  test('retains what a late subscriber needs, and nothing that must not happen twice', () => {
    const retained = catalogue
      .filter((message) => message.retain)
      .map((message) => message.topic.split('/')[5])
    expect(new Set(retained)).toEqual(new Set(['conn', 'meta', 'state', 'want', undefined]))
    expect(serverMessages.filter(({ name }) => name.includes(' cmd')).some(({ retain }) => retain)).toBe(
      false,
    )
  })

  test('lets every kind say what it is, that it is there, and what it missed to say', () => {
    for (const kind of kinds) {
      const classes = deviceMessages
        .filter((message) => message.kind === kind)
        .map((message) => message.class)
      expect(classes).toEqual(expect.arrayContaining(['conn', 'meta', 'tele', 'hist', 'ack']))
    }
  })
})

describe('what a device encodes is what the server decodes', () => {
  test.each(deviceMessages.map((message) => [message.name, message] as const))('%s', (_name, message) => {
    const { topic, bytes, message: meant } = exampleOf(message)
    expect(bytes.byteLength).toBeLessThanOrEqual(message.maxBytes)
    expect(decode(topic, bytes)).toEqual({ ok: true, message: meant })
  })
})

describe('what the server encodes is what its schema says', () => {
  const refusal = { reason: 'value-invalid', path: 'd.p_ret_kpa', expected: 'an integer', got: '-1' } as const
  const said: Record<string, Uint8Array> = {
    reject: encodeReject({ ...refusal, boot: 17, seq: 3 }),
    cmd: encodeCommand({ id: 'c-1', exp: t, args: { from: 0, to: 9 } }),
    'cmd/replay': encodeReplay({ id: 'replay-1', exp: t, args: { b: 17, from: 3, to: 9 } }),
    want: encodeWant({ v: 3, period_s: { tele: 60 } }),
    status: encodeStatus({ online: 1, t }),
    fault: encodeFaultNotice({ key: 'hengkang-station|burst', state: 'opened', site: 'hengkang', title, t }),
    order: encodeOrderNotice({
      order: 'WO-1',
      state: 'open',
      severity: 'P1',
      rule: 'H01',
      site: 'hengkang',
      root: 'hengkang-station',
      title,
      t,
    }),
  }
  test.each(serverMessages.map((message) => [message.name, message] as const))('%s', (name, message) => {
    const payload: unknown = JSON.parse(text(said[name.split(' ')[1] ?? ''] ?? new Uint8Array()))
    expect(message.schema.parse(payload)).toEqual(payload)
  })

  test('a reject repeats boot and sequence in the letters of the envelope', () => {
    expect(JSON.parse(text(encodeReject({ ...refusal, boot: 17, seq: 3 })))).toEqual({
      ...refusal,
      b: 17,
      s: 3,
    })
  })
})

describe('the bytes', () => {
  const stamp = { contract: 'heat-entrance/1.0', boot: 17, seq: 48_213, t, clock: 'n' } as const

  test('of a reading are those of the contract, in its order', () => {
    const values = { t_sup_c10: 602, something_new: 1, p_ret_kpa: 223, p_sup_kpa: 352 }
    expect(text(encodeReading({ ...stamp, values, quality: { t_ret_c10: 'F' } }))).toBe(
      '{"c":"heat-entrance/1.0","b":17,"s":48213,"t":1763510400000,"k":"n",' +
        '"d":{"p_sup_kpa":352,"p_ret_kpa":223,"t_sup_c10":602,"something_new":1},"q":{"t_ret_c10":"F"}}',
    )
  })

  test('of a will are short', () => {
    expect(text(encodeConnection({ state: 'lost', boot: 17, t }))).toBe(
      '{"st":"lost","b":17,"t":1763510400000}',
    )
  })

  test("of a household meter's day, 96 samples, fit in one upload", () => {
    const rows = Array.from({ length: 96 }, (_, quarter) => ({
      seq: 4_000_000 + quarter,
      t: t + quarter * 900_000,
      values: { vol_l: 1_234_567, flow_lph: 1200 },
    }))
    const bytes = encodeUpload({ contract: 'water-meter/1.0', boot: 3, clock: 'c', rows })
    expect(bytes.byteLength).toBeLessThan(maxUploadBytes)
  })

  test('of an upload without a sample do not exist', () => {
    expect(() => encodeUpload({ ...stamp, rows: [] })).toThrow('an upload needs a sample')
  })
})
