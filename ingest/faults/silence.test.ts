import { describe, expect, test } from 'vitest'
import { buildRegistry } from '../../estate/registry-index.ts'
import {
  connects,
  inOrder,
  latest,
  minute,
  morning,
  newEngine,
  newEngineWith,
  opened,
  says,
  tellAll,
  ticks,
  twentyHouses,
  type Event,
} from './twenty-houses.fixture.ts'

/** D01 and D02: who has fallen silent, and is it one fault or many? */
const hour = 60 * minute
const direct = twentyHouses.devices.filter(({ comms }) => comms === undefined).map(({ id }) => id)
const everyone = twentyHouses.devices.map(({ id }) => id)

/** Everybody has spoken once; nobody is missed yet. */
function awake(engine = newEngine()) {
  tellAll(engine, everyone.map((device) => connects(device, morning))) // prettier-ignore
  return engine
}

/** These keep speaking, each minute. */
const chatter = (devices: readonly string[], fromMinute: number, minutes: number): Event[] =>
  devices.flatMap((device) =>
    Array.from({ length: minutes }, (_, at) =>
      says({ device, atMs: morning + (fromMinute + at) * minute, values: { rsrp_dbm: -80 } }),
    ),
  )

const others = (lost: string) => direct.filter((device) => device !== lost)

describe('a single device that is lost', () => {
  test.each([
    ['hengkang-station-heat', 'P2'],
    ['hengkang-b07-heat', 'P3'],
    ['hengkang-shed2-charger', 'P3'],
    ['hengkang-b07-water', 'P4'],
  ])('%s is one %s order, after the hold-off', (device, severity) => {
    const engine = awake()
    const told = tellAll(
      engine,
      inOrder([connects(device, morning + 1_000, 'lost'), ...chatter(others(device), 0, 2)]),
    )
    const before = tellAll(engine, ticks(morning + minute, morning + 90_000))
    expect([...told, ...before]).toEqual([])
    const after = tellAll(engine, ticks(morning + 90_000, morning + 100_000))
    expect(opened(after)).toMatchObject([{ rule: 'D01', severity, site: 'hengkang' }])
  })

  test.each([
    ['hengkang-station-heat', 30],
    ['hengkang-b07-heat', 150],
    ['hengkang-b07-gw', 150],
    ['hengkang-b07-water', 4 * 60],
  ])('%s is an order after %i minutes, for most lines mend themselves sooner', (device, minutes) => {
    const engine = awake(newEngineWith({ D01: {} }))
    tellAll(engine, inOrder([connects(device, morning, 'lost'), ...chatter(others(device), 0, minutes)]))
    expect(engine.alarms()).toMatchObject([{ device, rule: 'D01', state: 'active-unacknowledged' }])
    const until = morning + minutes * minute
    expect(
      opened(tellAll(engine, [...chatter(others(device), minutes, 1), ...ticks(until, until + 5_000)])),
    ).toHaveLength(1)
  })

  test('that is back before the hold-off ends pages nobody', () => {
    const engine = awake()
    const device = 'hengkang-b07-heat'
    const story = [
      connects(device, morning + 1_000, 'lost'),
      connects(device, morning + 40_000),
      says({ device, atMs: morning + 45_000, values: { p_ret_kpa: 224 } }),
    ]
    expect(tellAll(engine, [...story, ...ticks(morning + 45_000, morning + 170_000)])).toEqual([])
    expect(engine.alarms()).toEqual([])
  })

  test('recovers with its second message, not with the first', () => {
    const engine = awake()
    const device = 'hengkang-b07-heat'
    const speaking = chatter(others(device), 0, 10)
    tellAll(engine, inOrder([connects(device, morning + 1_000, 'lost'), ...speaking]))
    const first = tellAll(engine, [
      connects(device, morning + 10 * minute),
      ...ticks(morning + 10 * minute, morning + 10.2 * minute),
    ])
    expect(first.filter(({ type }) => type === 'recovered')).toEqual([])
    const second = tellAll(engine, [
      says({ device, atMs: morning + 10.3 * minute, values: { p_ret_kpa: 224 } }),
      ...ticks(morning + 10.3 * minute, morning + 10.5 * minute),
    ])
    expect(second).toMatchObject([{ type: 'recovered', key: 'hengkang-b07|silence' }])
  })

  test('whose will is of an earlier life is not lost', () => {
    const engine = awake()
    const device = 'hengkang-b07-heat'
    const reading = says({ device, atMs: morning + 1_000, values: { p_ret_kpa: 224 } })
    const reborn =
      reading.type === 'reading' ? [{ ...reading, reading: { ...reading.reading, boot: 2 } }] : []
    tellAll(engine, [
      ...reborn,
      connects(device, morning + 2_000, 'lost'),
      ...ticks(morning, morning + minute),
    ])
    expect(engine.alarms()).toEqual([])
  })
})

describe('silence without a will', () => {
  test('is noticed after three periods, at least three minutes', () => {
    const engine = awake()
    const device = 'hengkang-b07-heat'
    const story = inOrder([...chatter(others(device), 0, 6), ...ticks(morning, morning + 5.5 * minute)])
    const until = (minutes: number) => story.filter(({ atMs }) => atMs <= morning + minutes * minute)
    tellAll(engine, until(2.9))
    expect(engine.alarms()).toEqual([])
    tellAll(engine, story.slice(until(2.9).length))
    expect(engine.alarms()).toMatchObject([{ rule: 'D01', device, sinceMs: morning + 3 * minute }])
  })

  test('of a device that has never spoken is an installation, not a fault', () => {
    expect(tellAll(newEngine(), ticks(morning, morning + 24 * hour, minute))).toEqual([])
  })

  test('of a household meter means two missed uploads and two hours more', () => {
    const engine = newEngine()
    tellAll(engine, [connects('hengkang-b07-f101-water', morning)])
    tellAll(engine, ticks(morning, morning + 49.9 * hour, 10 * minute))
    expect(engine.alarms()).toEqual([])
    tellAll(engine, ticks(morning + 49.9 * hour, morning + 50.5 * hour, 10 * minute))
    expect(engine.alarms()).toMatchObject([{ rule: 'D01', device: 'hengkang-b07-f101-water' }])
  })

  test('while the server itself was away is nobody’s fault', () => {
    const engine = awake()
    engine.resume(morning + 2 * hour)
    tellAll(engine, ticks(morning + 2 * hour, morning + 2 * hour + 2 * minute))
    expect(engine.alarms()).toEqual([])
  })

  test('counts from the period a device declared at birth', () => {
    const engine = newEngine()
    const device = 'hengkang-b07-heat'
    const ready = connects(device, morning)
    if (ready.type !== 'connection') throw new Error('not a connection')
    const { address } = ready.message
    const birth = { contract: 'heat-entrance/1.0', boot: 1, seq: 1, t: morning, clock: 'n', firmware: '1', hardware: '1', serial: '1', bootReason: 'power', contractHash: '00000000', periodS: { tele: 900, event: 0 }, deliveryS: 0 } as const // prettier-ignore
    engine.birth({ type: 'birth', address, birth }, morning)
    tellAll(engine, ticks(morning, morning + 44 * minute))
    expect(engine.alarms()).toEqual([])
    tellAll(engine, ticks(morning + 44 * minute, morning + 46 * minute))
    expect(engine.alarms()).toHaveLength(1)
  })
})

describe('a power cut on the estate', () => {
  const cut = direct.map((device, index) => connects(device, morning + 1_000 + index * 900, 'lost'))

  test('that silences 64 devices within a minute is one incident, at the site', () => {
    expect(cut).toHaveLength(64)
    const changes = tellAll(awake(), inOrder([...cut, ...ticks(morning, morning + 20 * minute)]))
    expect(opened(changes)).toMatchObject([
      {
        key: 'hengkang|silence',
        root: 'hengkang',
        rule: 'D02',
        severity: 'P2',
        title: { zh: '恒康家园 区域离线', en: 'Hengkang Homes: site offline' },
      },
    ])
    expect(latest(changes)[0]?.evidence.length).toBeGreaterThanOrEqual(64)
  })

  test('is over when nearly all are back', () => {
    const engine = awake()
    tellAll(engine, inOrder([...cut, ...ticks(morning, morning + 5 * minute)]))
    const back = chatter(direct, 5, 3)
    const changes = tellAll(engine, inOrder([...back, ...ticks(morning + 5 * minute, morning + 8 * minute)]))
    expect(changes.filter(({ type }) => type === 'recovered')).toMatchObject([{ key: 'hengkang|silence' }])
  })

  test('leaves nobody an order who is missed again just as it is over', () => {
    const engine = awake(newEngineWith({ D01: {} }))
    tellAll(engine, inOrder([...cut, ...ticks(morning, morning + 5 * minute)]))
    const missed = connects('hengkang-b08-heat', morning + 36 * minute, 'lost')
    const story = [...chatter(direct, 5, 31), missed, ...chatter(others('hengkang-b08-heat'), 36, 60)]
    const after = tellAll(engine, inOrder([...story, ...ticks(morning + 5 * minute, morning + 96 * minute)]))
    expect(opened(after)).toEqual([])
    expect(engine.alarms()).toMatchObject([{ rule: 'D01', state: 'active-unacknowledged' }])
  })

  test('two devices lost an hour apart are two orders, not a power cut', () => {
    const lost = ['hengkang-b01-heat', 'hengkang-b02-heat', 'hengkang-b03-heat']
    const wills = lost.map((device, index) => connects(device, morning + index * hour + 1_000, 'lost'))
    const speaking = chatter(direct.filter((device) => !lost.includes(device)), 0, 130) // prettier-ignore
    const until = lost.flatMap((device, index) => chatter([device], 0, index * 60))
    const changes = tellAll(awake(), inOrder([...wills, ...speaking, ...until]))
    expect(opened(changes).map(({ key }) => key)).toEqual(
      lost.map((device) => `${device.slice(0, 12)}|silence`),
    )
  })
})

test('a silent gateway explains the meters behind it', () => {
  const engine = awake()
  const meters = ['hengkang-b07-f101-water', 'hengkang-b07-f102-water']
  const lost = ['hengkang-b07-gw', ...meters].map((device) => connects(device, morning + 1_000, 'lost'))
  const changes = tellAll(engine, inOrder([...lost, ...chatter(others('hengkang-b07-gw'), 0, 4)]))
  expect(opened(changes)).toMatchObject([{ root: 'hengkang-b07-gateway', rule: 'D01' }])
  expect(latest(changes)[0]?.evidence).toHaveLength(3)
})

test('a device that an import removed takes its alarm with it', () => {
  const engine = awake()
  const device = 'hengkang-b07-heat'
  tellAll(engine, inOrder([connects(device, morning + 1_000, 'lost'), ...chatter(others(device), 0, 4)]))
  expect(engine.alarms()).toHaveLength(1)
  const devices = twentyHouses.devices.filter(({ id }) => id !== device)
  engine.replaceRegistry(buildRegistry({ ...twentyHouses, devices }))
  expect(engine.alarms()).toEqual([])
  const changes = tellAll(engine, chatter(others(device), 4, 2))
  expect(changes).toMatchObject([{ type: 'recovered', key: 'hengkang-b07|silence' }])
})

test('children that say nothing, each in its own rhythm, are one fault of their gateway, which speaks', () => {
  const flats = ['103', '104', '105'].map((flat) => ({
    id: `hengkang-b07-f${flat}-water`,
    kind: 'water-meter' as const,
    site: 'hengkang',
    node: 'hengkang-b07-f101',
    comms: 'hengkang-b07-gw',
  }))
  const content = { ...twentyHouses, devices: [...twentyHouses.devices, ...flats] }
  const engine = newEngineWith({ D01: {} }, content)
  const quarters = [2, 6, 11].flatMap((minuteOf, at) =>
    [0, 1].map((quarter) =>
      says({
        device: flats[at]?.id ?? '',
        atMs: morning + (minuteOf + 15 * quarter) * minute,
        values: { flow_lph: 1 },
      }),
    ),
  )
  const periods = flats.map(({ id, site }) => ({ type: 'birth' as const, id, site }))
  for (const { id, site } of periods) {
    const address = { site, kind: 'water-meter', device: id, class: 'meta' } as const
    const birth = { contract: 'water-meter/1.0', boot: 1, seq: 0, t: morning, clock: 'n', firmware: '1', hardware: '1', serial: '1', bootReason: 'power', contractHash: '00000000', periodS: { tele: 900 }, deliveryS: 0 } as const // prettier-ignore
    engine.birth({ type: 'birth', address, birth }, morning)
  }
  const gateway = chatter(['hengkang-b07-gw'], 0, 90)
  const changes = tellAll(
    engine,
    inOrder([...quarters, ...gateway, ...ticks(morning, morning + 90 * minute)]),
  )
  expect(opened(changes)).toMatchObject([{ rule: 'D02', root: 'hengkang-b07-gateway', severity: 'P2' }])
})
