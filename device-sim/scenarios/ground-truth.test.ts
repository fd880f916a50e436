import { describe, expect, test } from 'vitest'
import { demoFleet } from '../fleets/demo.ts'
import { groundTruth, groundTruthSchema } from './ground-truth.ts'
import { Simulation } from '../simulation.ts'
import { ordinaryDay, parseScenario } from './scenario.ts'

const fromMs = Date.parse('2026-01-15T00:00:00+08:00')
const hourMs = 3_600_000

const { devices } = new Simulation({ fleet: demoFleet(), scenario: ordinaryDay, seed: 5, startMs: fromMs })

function truthOf(...faults: object[]) {
  const scenario = parseScenario('test', { name: 'test', about: '', faults })
  return groundTruth({
    fleet: demoFleet(),
    scenario,
    seed: 5,
    fromMs,
    untilMs: fromMs + hourMs,
    devices,
    tolls: new Map(),
  }).faults
}

describe('the ground truth of a run', () => {
  test('a burst at building 14 names the estate, the entrance, and everyone whose radiators go cold', () => {
    const burst = { fault: 'burst', t: 120, until: 1_800, target: 'hengkang-b14', params: { m3h: 12 } }
    expect(truthOf(burst)).toEqual([
      {
        fault: 'burst',
        rules: ['H01'],
        brings: [],
        site: 'hengkang',
        target: 'hengkang-b14',
        devices: ['hengkang-b14-heat'],
        params: { m3h: 12 },
        fromMs: fromMs + 120_000,
        untilMs: fromMs + 1_800_000,
        affected: {
          households: 1_200,
          buildings: demoFleet().estates[0]?.buildings.map(({ id }) => id),
          ports: [],
        },
      },
    ])
  })

  test('a welded relay concerns its port alone, and lasts until it is replaced', () => {
    const [weld] = truthOf({ fault: 'relay-welded', t: 0, target: 'hengkang-shed1-p03' })
    expect(weld).toMatchObject({
      untilMs: null,
      affected: { households: 0, buildings: [], ports: ['hengkang-shed1-p03'] },
    })
  })

  test('a main that breaks behind the meter leaves the other buildings in peace', () => {
    const [burst] = truthOf({ fault: 'water-burst', t: 0, target: 'hengkang-b03', params: { lph: 9_000 } })
    expect(burst?.affected).toEqual({ households: 60, buildings: ['hengkang-b03'], ports: [] })
    expect(burst?.devices).toEqual(['hengkang-b03-water'])
  })

  test('a riser that stays cold concerns its flats, and names its thermometers', () => {
    const [cold] = truthOf({ fault: 'room-cold', t: 0, target: 'hengkang-b06-riser' })
    expect(cold).toMatchObject({
      devices: ['hengkang-b06-r201-room', 'hengkang-b06-r401-room', 'hengkang-b06-r601-room'],
      affected: { households: 3, buildings: ['hengkang-b06'] },
    })
  })

  test('a shaft left open concerns the meters of its flats, and says what may come of it', () => {
    const [open] = truthOf({ fault: 'shaft-open', t: 0, target: 'hengkang-b05' })
    expect(open?.devices).toEqual(['hengkang-b05-f101-water', 'hengkang-b05-f102-water'])
    expect(open).toMatchObject({ rules: ['W07'], brings: ['W02', 'W01'] })
  })

  test('what would break after the end did not happen, and what is mended after it still lasts', () => {
    const late = { fault: 'burst', t: 7_200, target: 'hengkang-b14', params: { m3h: 12 } }
    const mendedLate = { fault: 'burst', t: 60, until: 7_200, target: 'hengkang-b02', params: { m3h: 6 } }
    expect(truthOf(late, mendedLate)).toMatchObject([{ target: 'hengkang-b02', untilMs: null }])
  })

  test('a device that falls silent is felt by nobody but who reads it', () => {
    const [silent] = truthOf({ fault: 'estate-silent', t: 0, target: 'hengkang' })
    expect(silent?.affected).toEqual({ households: 0, buildings: [], ports: [] })
  })

  test('behind a silent gateway everybody is silent; a bad firmware has one kind of device', () => {
    const gateway = { fault: 'gateway-silent', t: 0, target: 'hengkang-b02-gateway' }
    const firmware = { fault: 'firmware-bad', t: 0, target: 'hengkang', params: { kind: 'charger' } }
    const [silent, bad] = truthOf(gateway, firmware)
    const behind = ['f101-water', 'f102-water', 'gw', 'r201-room', 'r401-room', 'r601-room']
    expect(silent?.devices).toEqual(behind.map((name) => `hengkang-b02-${name}`))
    expect(bad?.devices).toEqual([
      'hengkang-shed1-charger',
      'hengkang-shed2-charger',
      'hengkang-shed3-charger',
    ])
  })

  test('what mischief cost stands beside it, up to the end; and the file is what its schema says', () => {
    const scenario = parseScenario('test', { name: 'test', about: '' })
    const outage = { fromMs: fromMs + 60_000, untilMs: fromMs + 2 * hourMs }
    const later = { fromMs: fromMs + 3 * hourMs, untilMs: fromMs + 4 * hourMs }
    const counts = { lost: 3, duplicated: 1, garbled: 0, overtaken: 2, reboots: 0, clocksLostMs: [] }
    const truth = groundTruth({
      fleet: demoFleet(),
      scenario,
      seed: 5,
      fromMs,
      untilMs: fromMs + hourMs,
      devices,
      tolls: new Map([['hengkang-b02-heat', { ...counts, outages: [outage, later] }]]),
    })
    expect(truth.mischief).toEqual([{ device: 'hengkang-b02-heat', ...counts, outages: [outage] }])
    expect(groundTruthSchema.parse(JSON.parse(JSON.stringify(truth)))).toEqual(truth)
  })
})
