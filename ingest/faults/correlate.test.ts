import { describe, expect, test } from 'vitest'
import { buildRegistry } from '../../estate/registry-index.ts'
import { causeOf, type Raised, type Scene } from './correlate.ts'
import { defaultParameters } from './parameters.ts'
import { ruleIds, type RuleId } from './rules/rule.ts'
import { ruleOf, rules } from './rules/table.ts'
import { entranceOf, houses, minute, morning, twentyHouses } from './twenty-houses.fixture.ts'

/** The decision by itself: given what stands, what is the common cause? */
const registry = buildRegistry(twentyHouses)
const station = 'hengkang-station'

function standing(rule: RuleId, device: string, atMinute = 0): Raised {
  const known = registry.device(device)
  if (!known) throw new Error(`no device ${device}`)
  return {
    key: `${rule}|${known.node}|${device}`,
    rule,
    node: known.node,
    device,
    site: 'hengkang',
    severity: ruleOf(rule).severity(known.kind),
    atMs: morning + atMinute * minute,
    signal: 'p_ret_kpa',
    value: null,
    limit: null,
    fallKpa: null,
    pullKpa: null,
    opensAtOnce: ruleOf(rule).opensAtOnce(known.kind),
  }
}

function rootOf(alarms: readonly Raised[], voice: Scene['voice'] = () => 'speaks') {
  const [alarm] = alarms
  if (!alarm) throw new Error('no alarm')
  const cause = causeOf(alarm, { registry, standing: alarms, voice, limits: defaultParameters.correlation })
  return [cause.root, cause.basis, cause.explained.length]
}

const low = (...numbers: number[]) =>
  numbers.map((number) => standing('H02', entranceOf(houses[number - 1] ?? '')))
const silent = (...numbers: number[]) =>
  numbers.map((number) => standing('D01', entranceOf(houses[number - 1] ?? '')))
const atStation = (rule: RuleId) => standing(rule, `${station}-heat`)

describe('the cause of an alarm', () => {
  test.each<[string, readonly Raised[], readonly unknown[]]>([
    ['one house low is itself', low(7), ['hengkang-b07', 'measured', 1]],
    ['two houses of a branch are still two', low(1, 2), ['hengkang-b01', 'measured', 1]],
    ['a whole branch points to its pipe', low(1, 2, 3, 4, 5), ['hengkang-pipe1', 'inferred', 5]],
    ['three of its five houses do too', low(1, 2, 3), ['hengkang-pipe1', 'inferred', 3]],
    ['houses of every branch point to the station', low(1, 2, 6, 7, 11, 16), [station, 'inferred', 6]],
    [
      'a measured cause beats an inferred one',
      [...low(1, 2, 3, 4, 5), atStation('H02')],
      [station, 'measured', 6],
    ],
    ['the station alarming by itself is the cause', [atStation('H01'), ...low(1)], [station, 'measured', 2]],
    [
      'a burst that stops the station, which falls silent, explains the silence as well',
      [standing('D01', `${station}-heat`, 2), standing('H05', `${station}-heat`, 1), atStation('H01')],
      [station, 'measured', 3],
    ],
    ['few silent devices of a site are themselves', silent(1, 2), ['hengkang-b01', 'measured', 1]],
    ['three silent of sixty-four are no power cut', silent(1, 2, 3), ['hengkang-b01', 'measured', 1]],
    ['twenty are', silent(...houses.map((_, index) => index + 1)), ['hengkang', 'inferred', 20]],
    [
      'a welded relay is always itself',
      [standing('C04', 'hengkang-shed1-charger'), ...silent(1, 2, 3)],
      ['hengkang-shed1-ctl', 'measured', 1],
    ],
    [
      'water and heat do not explain each other',
      [standing('W01', 'hengkang-b01-water'), atStation('H01')],
      ['hengkang-b01-main', 'measured', 1],
    ],
  ])('%s', (_, alarms, expected) => {
    expect(rootOf(alarms)).toEqual(expected)
  })

  test('houses that cannot speak are not expected to alarm, and a tie goes to the higher place', () => {
    const mute = new Set(houses.slice(5).map(entranceOf))
    const voice = (device: string) => (mute.has(device) ? ('silent' as const) : ('speaks' as const))
    expect(rootOf(low(1, 2, 4), voice)).toEqual([station, 'inferred', 3])
  })

  test('silences that began far apart do not speak for a common cause', () => {
    const spread = houses.map((house, index) => standing('D01', entranceOf(house), index * 5))
    expect(rootOf(spread)).toEqual(['hengkang-b01', 'measured', 1])
  })
})

describe('the table of rules', () => {
  test('has one row for each rule, each with a title, a cause and an action in both languages', () => {
    expect(rules.map(({ id }) => id)).toEqual(ruleIds)
    for (const { title, cause, action } of rules) {
      for (const text of [title, cause, action])
        expect([text.zh, text.en].every((words) => words !== '')).toBe(true)
    }
  })

  test('a life-safety rule is explained by none but another one: a fire explains the port that burned first', () => {
    const lesser = rules.filter(({ lifeSafety }) => !lifeSafety)
    const swallowed = new Set(lesser.flatMap(({ swallows }) => swallows))
    expect(rules.filter(({ id, lifeSafety }) => lifeSafety && swallowed.has(id))).toEqual([])
  })
})
