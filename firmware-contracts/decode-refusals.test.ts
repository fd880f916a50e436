import { describe, expect, test } from 'vitest'
import { decode } from './decode.ts'
import type { Refusal, RefusalReason } from './message.ts'

const entrance = 'est/1/hengkang/heat-entrance/hengkang-b01-heat'
const meter = 'est/1/hengkang/water-meter/hengkang-b01-f101-water'
const head = '"c":"heat-entrance/1.0","b":17,"s":48213,"t":1763510400000,"k":"n"'
const bytes = (text: string) => new TextEncoder().encode(text)

function refusalOf(payload: string | Uint8Array, topic = `${entrance}/tele`): Refusal {
  const decoded = decode(topic, typeof payload === 'string' ? bytes(payload) : payload)
  if (decoded.ok) throw new Error('accepted')
  return decoded.refusal
}

describe('a return pressure is refused, with its path and its range', () => {
  const values: [what: string, json: string, got: string][] = [
    ['above the gauge', '1601', '1601'],
    ['as -1 for "broken"', '-1', '-1'],
    ['as a fraction', '223.5', '223.5'],
    ['in quotes', '"223"', '"223"'],
    ['as null for "not measured"', 'null', 'null'],
    ['as a boolean', 'true', 'true'],
    ['beyond all numbers', '1e999', 'Infinity'],
    ['as a list', '[223]', 'a list of 1'],
    ['as an object with its unit', '{"v":1,"u":"kPa"}', 'an object with v, u'],
  ]
  test.each(values)('%s', (_what, json, got) => {
    expect(refusalOf(`{${head},"d":{"p_ret_kpa":${json}}}`)).toEqual({
      reason: 'value-invalid',
      path: 'd.p_ret_kpa',
      expected: 'an integer 0 … 1600 (kPa)',
      got,
      boot: 17,
      seq: 48213,
    })
  })
})

describe('other values are refused', () => {
  test('a temperature in degrees', () => {
    expect(refusalOf(`{${head},"d":{"t_sup_c10":60.2}}`)).toMatchObject({
      path: 'd.t_sup_c10',
      expected: 'an integer -200 … 1300 (0.1 °C)',
    })
  })

  test('a quality that is no letter of NE 107', () => {
    expect(refusalOf(`{${head},"d":{},"q":{"p_ret_kpa":"X"}}`)).toMatchObject({
      reason: 'value-invalid',
      path: 'q.p_ret_kpa',
      expected: 'one of F, C, S, M',
      got: '"X"',
    })
  })

  test('a phase nobody knows', () => {
    const payload = '{"c":"charger/1.0","b":1,"s":9,"t":1,"k":"n","d":{"phase":"dancing"}}'
    expect(refusalOf(payload, 'est/1/hengkang/charger/x/state/p03')).toMatchObject({
      path: 'd.phase',
      expected: expect.stringContaining('one of idle, plugged, precheck, charging'),
      got: '"dancing"',
    })
  })

  test('a flag of 2', () => {
    const payload = '{"c":"charger/1.0","b":1,"s":9,"t":1,"k":"n","d":{"relay_fb":2}}'
    expect(refusalOf(payload, 'est/1/hengkang/charger/x/tele/p03')).toMatchObject({
      path: 'd.relay_fb',
      expected: 'one of 0, 1',
      got: '2',
    })
  })
})

describe('an envelope is refused', () => {
  const u32 = 'an integer 0 … 4294967295'
  const cases: [what: string, payload: string, path: string, expected: string, got: string][] = [
    ['without data', `{${head}}`, 'd', 'an object', 'nothing'],
    ['with data that is a list', `{${head},"d":[]}`, 'd', 'an object', 'a list of 0'],
    ['with quality that is null', `{${head},"d":{},"q":null}`, 'q', 'an object', 'null'],
    ['that is a list', '[]', '', 'an object', 'a list of 0'],
    ['that is null', 'null', '', 'an object', 'null'],
    ['that is a number', '223', '', 'an object', '223'],
    ['without a contract', '{"b":17}', 'c', 'heat-entrance/1.x', 'nothing'],
    ['with a contract that is a number', '{"c":1}', 'c', 'heat-entrance/1.x', '1'],
    ['of a negative boot', `{${head.replace('17', '-17')},"d":{}}`, 'b', u32, '-17'],
    ['of a sequence above 32 bits', `{${head},"s":4294967296,"d":{}}`, 's', u32, '4294967296'],
    ['of a time that is text', `{${head},"t":"now","d":{}}`, 't', 'an integer 0 … 8640000000000000', '"now"'],
    ['of an unknown clock source', `{${head},"k":"gps","d":{}}`, 'k', 'one of n, c, r, u', '"gps"'],
  ]
  test.each(cases)('%s', (_what, payload, path, expected, got) => {
    expect(refusalOf(payload)).toMatchObject({ reason: 'envelope-invalid', path, expected, got })
  })

  test('and its boot and sequence number are told where they can be read', () => {
    const refusal = refusalOf(`{${head},"s":-1,"d":{}}`)
    expect(refusal.boot).toBe(17)
    expect('seq' in refusal).toBe(false)
  })
})

describe('a contract is unknown', () => {
  test.each([
    ['of another kind than the topic says', 'heat-station/1.0'],
    ['of a newer major version', 'heat-entrance/2.0'],
    ['without a minor version', 'heat-entrance/1'],
    ['with more than a version', 'heat-entrance/1.0.0'],
    ['with a line break after it', 'heat-entrance/1.0\\n'],
    ['with a version that is no number', 'heat-entrance/1.x'],
  ])('%s, whatever else is in the message', (_what, contract) => {
    expect(refusalOf(`{"c":"${contract}","b":17,"s":3,"d":7}`)).toEqual({
      reason: 'contract-unknown',
      path: 'c',
      expected: 'heat-entrance/1.x',
      got: `"${contract}"`,
      boot: 17,
      seq: 3,
    })
  })
})

describe('bytes are refused', () => {
  const cases: [what: string, payload: string | Uint8Array, reason: RefusalReason, got: string][] = [
    ['none at all', '', 'not-json', 'nothing'],
    ['broken JSON', '{"c":', 'not-json', '"{\\"c\\":"'],
    ['NaN', '{"c":NaN}', 'not-json', '"{\\"c\\":NaN}"'],
    ['a byte order mark', '\uFEFF{}', 'not-json', '"\uFEFF{}"'],
    ['two objects', '{}{}', 'not-json', '"{}{}"'],
    ['half a character', Uint8Array.of(0x7b, 0xc3, 0x28, 0x7d), 'not-utf8', '4 bytes'],
    ['a surrogate in UTF-8', Uint8Array.of(0xed, 0xa0, 0x80), 'not-utf8', '3 bytes'],
  ]
  test.each(cases)('%s', (_what, payload, reason, got) => {
    expect(refusalOf(payload)).toMatchObject({ reason, path: '', got })
  })

  test('for their number, before anything is read: 1 KiB live, 8 KiB uploaded', () => {
    const padded = (size: number) => `{${head},"d":{}}`.padEnd(size)
    expect(decode(`${entrance}/tele`, bytes(padded(1024))).ok).toBe(true)
    expect(refusalOf(padded(1025))).toMatchObject({
      reason: 'too-large',
      expected: 'at most 1024 bytes',
      got: '1025 bytes',
    })
    expect(refusalOf(' '.repeat(8193), `${meter}/batch`)).toMatchObject({ reason: 'too-large' })
    expect(refusalOf(' '.repeat(8192), `${meter}/batch`)).toMatchObject({ reason: 'not-json' })
  })

  test('for nesting as deep as an upload can hold', () => {
    for (const zero of ['0', '-0']) {
      const payload = `{"c":"water-meter/1.0","r":${'['.repeat(4000)}${zero}${']'.repeat(4000)}}`
      expect(refusalOf(payload, `${meter}/batch`).reason).toMatch(/not-json|envelope-invalid/)
    }
  })

  test('with no more than 80 characters of them in the answer, all of them whole', () => {
    for (const value of [`"${'恒'.repeat(300)}"`, `"${'\\ud83d'.repeat(80)}"`, `{"${'k'.repeat(500)}":1}`]) {
      const { got } = refusalOf(`{${head},"d":{"p_ret_kpa":${value}}}`)
      expect(got.length).toBeLessThanOrEqual(80)
      expect(got.isWellFormed()).toBe(true)
    }
  })
})

describe('an upload is refused', () => {
  const rows = (text: string) => `{"c":"water-meter/1.0","b":3,"k":"c","from":5,"to":9,"r":${text}}`
  const row = '{"s":5,"t":1,"d":{}}'
  const cases: [what: string, rows: string, path: string, expected: string, got: string][] = [
    ['for a bad value, by row', `[${row},{"s":6,"t":2,"d":{"vol_l":-4}}]`, 'r[1].d.vol_l', '(L)', '-4'],
    [
      'for a register JSON cannot hold',
      '[{"s":5,"t":1,"d":{"vol_l":1e16}}]',
      'r[0].d.vol_l',
      '(L)',
      '10000000000000000',
    ],
    [
      'for a row outside from … to',
      `[${row},{"s":10,"t":2,"d":{}}]`,
      'r[1].s',
      'within from … to (5 … 9)',
      '10',
    ],
    ['for having no rows', '[]', 'r', 'a list that is not empty', 'a list of 0'],
    ['for rows by number', '{"0":{}}', 'r', 'a list that is not empty', 'an object with 0'],
    ['for a row that is none', '[null]', 'r[0]', 'an object', 'null'],
  ]
  test.each(cases)('%s', (_what, text, path, expected, got) => {
    const refusal = refusalOf(rows(text), `${meter}/batch`)
    expect(refusal).toMatchObject({ path, got, boot: 3 })
    expect(refusal.reason).toBe(path.includes('.d.') ? 'value-invalid' : 'envelope-invalid')
    expect(refusal.expected).toContain(expected)
  })
})

describe('a birth, a connection and an acknowledgement are refused', () => {
  const self = '"fw":"1.4.2","hw":"rev-1","serial":"SN1","boot_reason":"power-on","hash":"0123abcd"'
  const birth = (d: string) => `{${head},"d":{${d}}}`

  test.each([
    ['d.hash', self.replace('0123abcd', '0123ABCD'), '8 lower-case hex digits'],
    ['d.fw', self.replace('1.4.2', '\\ud800'), '1 to 32 visible ASCII characters'],
    ['d.serial', self.replace('SN1', ''), '1 to 48 visible ASCII characters'],
  ])('for a bad %s', (path, d, expected) => {
    const refusal = refusalOf(birth(`${d},"period_s":{},"delivery_s":0`), `${entrance}/meta`)
    expect(refusal).toMatchObject({ reason: 'value-invalid', path, expected })
  })

  test('for a period of zero', () => {
    const payload = birth(`${self},"period_s":{"tele":0},"delivery_s":0`)
    expect(refusalOf(payload, `${entrance}/meta`)).toMatchObject({ path: 'd.period_s.tele' })
  })

  test('for a connection state nobody knows', () => {
    expect(refusalOf('{"st":"dead","b":17,"t":5}', `${entrance}/conn`)).toMatchObject({
      reason: 'envelope-invalid',
      path: 'st',
      expected: 'one of ready, sleeping, lost, bye',
    })
  })

  test('for an ok that is true and not 1', () => {
    expect(refusalOf(`{${head},"id":"c-1","ok":true}`, `${entrance}/ack/replay`)).toMatchObject({
      path: 'ok',
      expected: 'one of 0, 1',
    })
  })
})

describe('a topic is refused', () => {
  test.each([
    ['est/1/hengkang/heat-entrance/x/telemetry', 'a class'],
    ['est/1/hengkang/heat-entrance/x/tele/p03', 'something that a heat-entrance publishes'],
    ['est/1/hengkang/heat-entrance/x/state', 'something that a heat-entrance publishes'],
    ['est/1/hengkang/heat-entrance/x/cmd/replay', 'something that a heat-entrance publishes'],
    ['est/1/hengkang/heat-entrance/x/reject', 'something that a heat-entrance publishes'],
    ['est/1/hengkang/charger/x/conn/p03', 'something that a charger publishes'],
    ['srv/1/status', 'est/1/'],
  ])('%s', (topic, expected) => {
    const refusal = refusalOf('{}', topic)
    expect(refusal.reason).toBe('topic-unknown')
    expect(refusal.expected).toContain(expected)
  })

  test('without an address; every other refusal has one', () => {
    expect('address' in decode(`${entrance}/telemetry`, bytes('x'))).toBe(false)
    expect(decode(`${entrance}/tele`, bytes('x'))).toMatchObject({ address: { device: 'hengkang-b01-heat' } })
  })
})
