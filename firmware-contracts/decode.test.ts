import { describe, expect, test } from 'vitest'
import { decode } from './decode.ts'
import type { Decoded } from './message.ts'

const entrance = 'est/1/hengkang/heat-entrance/hengkang-b01-heat'
const meter = 'est/1/hengkang/water-meter/hengkang-b01-f101-water'
const head = '"c":"heat-entrance/1.0","b":17,"s":48213,"t":1763510400000,"k":"n"'
const bytes = (text: string) => new TextEncoder().encode(text)

function readings(decoded: Decoded) {
  if (!decoded.ok) throw new Error(`refused: ${JSON.stringify(decoded.refusal)}`)
  if (decoded.message.type !== 'readings') throw new Error(`not a reading: ${decoded.message.type}`)
  return decoded.message
}

function valuesOf(payload: string, topic = `${entrance}/tele`) {
  return readings(decode(topic, bytes(payload))).readings[0]?.values
}

describe('a reading is understood', () => {
  test('with its address, stamp, values and quality', () => {
    const payload = `{${head},"d":{"p_sup_kpa":352,"p_ret_kpa":223},"q":{"t_ret_c10":"F"}}`
    expect(decode(`${entrance}/tele`, bytes(payload))).toEqual({
      ok: true,
      message: {
        type: 'readings',
        address: { site: 'hengkang', kind: 'heat-entrance', device: 'hengkang-b01-heat', class: 'tele' },
        boot: 17,
        unknownKeys: [],
        readings: [
          {
            site: 'hengkang',
            kind: 'heat-entrance',
            device: 'hengkang-b01-heat',
            class: 'tele',
            contract: 'heat-entrance/1.0',
            boot: 17,
            seq: 48213,
            t: 1763510400000,
            clock: 'n',
            values: { p_sup_kpa: 352, p_ret_kpa: 223 },
            quality: { t_ret_c10: 'F' },
          },
        ],
      },
    })
  })

  test('when nothing could be measured', () => {
    expect(valuesOf(`{${head},"d":{}}`)).toEqual({})
  })

  test('at both ends of a range', () => {
    expect(valuesOf(`{${head},"d":{"p_ret_kpa":0,"t_sup_c10":-200}}`)).toEqual({
      p_ret_kpa: 0,
      t_sup_c10: -200,
    })
    expect(valuesOf(`{${head},"d":{"p_ret_kpa":1600,"t_sup_c10":1300}}`)).toEqual({
      p_ret_kpa: 1600,
      t_sup_c10: 1300,
    })
  })

  test.each([
    ['1e3', 1000],
    ['223.0', 223],
    ['1.5e1', 15],
    ['-0', 0],
    ['-0.0', 0],
    ['0e-5', 0],
    ['-1e-999', 0],
  ])('when its integer is spelled %s', (spelling, value) => {
    expect(valuesOf(`{${head},"d":{"p_ret_kpa":${spelling}}}`)?.['p_ret_kpa']).toBe(value)
  })

  test('whatever the clock says: a wrong one is not a wrong message', () => {
    for (const t of [0, 946684800000, 4102444800000, 8640000000000000]) {
      const payload = `{"c":"heat-entrance/1.0","b":1,"s":0,"t":${t},"k":"u","d":{}}`
      expect(readings(decode(`${entrance}/tele`, bytes(payload))).readings[0]?.t).toBe(t)
    }
  })

  test('of the last boot and sequence number there are', () => {
    const payload = '{"c":"heat-entrance/1.0","b":4294967295,"s":4294967295,"t":1,"k":"r","d":{}}'
    expect(readings(decode(`${entrance}/tele`, bytes(payload))).readings[0]?.seq).toBe(4294967295)
  })

  test('of a register larger than 32 bits', () => {
    const payload = '{"c":"water-meter/1.0","b":1,"s":0,"t":1,"k":"r","d":{"vol_l":9007199254740991}}'
    expect(valuesOf(payload, `${meter}/tele`)).toEqual({ vol_l: 9007199254740991 })
  })

  test('when the last of two equal keys is right', () => {
    expect(valuesOf(`{${head},"d":{"p_ret_kpa":-1,"p_ret_kpa":223}}`)).toEqual({ p_ret_kpa: 223 })
  })

  test('from a firmware with a newer minor version', () => {
    expect(valuesOf(`{${head.replace('/1.0', '/1.42')},"d":{"p_ret_kpa":223}}`)).toEqual({ p_ret_kpa: 223 })
  })

  test('by port', () => {
    const payload =
      '{"c":"charger/1.0","b":1,"s":9,"t":1,"k":"n","d":{"phase":"charging","avail":"occupied"}}'
    const topic = 'est/1/hengkang/charger/hengkang-shed1-charger/state/p03'
    expect(readings(decode(topic, bytes(payload))).readings[0]).toMatchObject({
      port: 'p03',
      class: 'state',
      values: { phase: 'charging', avail: 'occupied' },
    })
  })
})

describe('an upload is understood', () => {
  const day = (rows: string) => `{"c":"water-meter/1.0","b":3,"k":"c","from":5,"to":9,"r":[${rows}]}`

  test('as readings of their own sequence numbers and times', () => {
    const payload = day(
      '{"s":5,"t":1000,"d":{"vol_l":10}},{"s":9,"t":2000,"d":{"vol_l":12},"q":{"t_wat_c10":"C"}}',
    )
    const message = readings(decode(`${meter}/batch`, bytes(payload)))
    expect(message.readings.map(({ seq, t, values }) => [seq, t, values])).toEqual([
      [5, 1000, { vol_l: 10 }],
      [9, 2000, { vol_l: 12 }],
    ])
    expect(message.readings[1]?.quality).toEqual({ t_wat_c10: 'C' })
    expect(message.readings.map((reading) => reading.class)).toEqual(['batch', 'batch'])
  })

  test('with an unknown key named once, however many rows have it', () => {
    const row = '{"s":5,"t":1,"d":{"vol_l":1,"ph":7},"x":0}'
    expect(readings(decode(`${meter}/batch`, bytes(day(`${row},${row}`)))).unknownKeys).toEqual([
      'r.x',
      'r.d.ph',
    ])
  })
})

describe('an unknown key is ignored and named', () => {
  test('wherever it is', () => {
    const payload = `{${head},"x":1,"d":{"p_ret_kpa":223,"p_new_kpa":5},"q":{"p_new_kpa":"F"}}`
    const message = readings(decode(`${entrance}/tele`, bytes(payload)))
    expect(message.unknownKeys).toEqual(['x', 'd.p_new_kpa', 'q.p_new_kpa'])
    expect(message.readings[0]?.values).toEqual({ p_ret_kpa: 223 })
    expect(message.readings[0]?.quality).toEqual({})
  })

  test('even if its name is one that JavaScript gives a meaning', () => {
    const payload = `{${head},"__proto__":{"d":1},"d":{"__proto__":{"p_ret_kpa":1},"constructor":2,"toString":3}}`
    const message = readings(decode(`${entrance}/tele`, bytes(payload)))
    expect(message.unknownKeys).toEqual(['__proto__', 'd.__proto__', 'd.constructor', 'd.toString'])
    const values = message.readings[0]?.values ?? {}
    expect(Object.keys(values)).toEqual([])
    expect(Object.getPrototypeOf(values)).toBe(Object.prototype)
    expect('p_ret_kpa' in values).toBe(false)
  })

  test('at most 16 times, at most 40 characters each, in whole characters', () => {
    const keys = Array.from({ length: 30 }, (_, index) => `"${'k'.repeat(10)}${index}":0`)
    const many = readings(decode(`${entrance}/tele`, bytes(`{${head},"d":{${keys.join(',')}}}`)))
    expect(many.unknownKeys).toHaveLength(16)
    const odd = readings(decode(`${entrance}/tele`, bytes(`{${head},"d":{"\\ud83d${'x'.repeat(90)}":0}}`)))
    expect(odd.unknownKeys[0]).toHaveLength(40)
    expect(odd.unknownKeys[0]?.isWellFormed()).toBe(true)
  })
})

describe('a will, a birth and an acknowledgement are understood', () => {
  test('a will without a sequence number', () => {
    expect(decode(`${entrance}/conn`, bytes('{"st":"lost","b":17,"t":5}'))).toMatchObject({
      ok: true,
      message: { type: 'connection', state: 'lost', boot: 17, t: 5 },
    })
  })

  test('a birth with the periods of the streams it has', () => {
    const self = '"fw":"1.4.2","hw":"rev-1","serial":"SN1","boot_reason":"power-on","hash":"0123abcd"'
    const payload = `{${head},"d":{${self},"period_s":{"tele":60,"__proto__":5,"moon":9},"delivery_s":0}}`
    expect(decode(`${entrance}/meta`, bytes(payload))).toMatchObject({
      ok: true,
      message: { type: 'birth', birth: { firmware: '1.4.2', periodS: { tele: 60 }, deliveryS: 0 } },
    })
  })

  test('an acknowledgement with the command it answers, and whether it was done', () => {
    expect(
      decode(`${entrance}/ack/replay`, bytes(`{${head},"id":"c-1","ok":0,"code":"busy"}`)),
    ).toMatchObject({
      ok: true,
      message: { type: 'ack', id: 'c-1', ok: false, code: 'busy', address: { sub: 'replay' } },
    })
  })
})
