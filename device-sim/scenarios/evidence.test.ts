import { beforeAll, describe, expect, test } from 'vitest'
import { demoFleet } from '../fleets/demo.ts'
import { checkScenario } from '../simulation.ts'
import { catalogue, type RuleId } from './catalogue.ts'
import { faultKindOf, faultKinds } from './faults.ts'
import { chargingEvidence } from './charging-evidence.fixture.ts'
import { deviceEvidence } from './device-evidence.fixture.ts'
import { Heard } from './heard.fixture.ts'
import { heatingEvidence } from './heating-evidence.fixture.ts'
import { waterEvidence } from './water-evidence.fixture.ts'
import { loadScenario, scenarioNames } from './scenario.ts'

/** The library of scenarios as a whole: every rule of the catalogue has one, and what its devices say in it is
 *  what the rule looks for, long enough, and not before the fault. */

const isRule = (name: string): name is RuleId => name in catalogue
const ruleIds = Object.keys(catalogue).filter(isRule)
const scenarios = scenarioNames().map(loadScenario)
const evidence = [...chargingEvidence, ...heatingEvidence, ...waterEvidence, ...deviceEvidence]

describe.each(scenarioNames())('the scenario %s', (name) => {
  const scenario = loadScenario(name)

  test('has its own name, a line for who learns from it, and a place on the demo estate', () => {
    expect(scenario.name).toBe(name)
    expect(scenario.about).toMatch(/^[A-Z].{30,250}[.]$/)
    checkScenario(scenario, demoFleet())
  })

  test('breaks things and repairs them within its days', () => {
    const endS = scenario.days * 86_400
    for (const { fault, t, until, strike } of scenario.faults) {
      expect(t, fault).toBeLessThan(endS)
      if (until === undefined) continue
      expect(strike.end, `${fault} can be repaired`).toBeDefined()
      expect(until, fault).toBeGreaterThan(t)
      expect(until, fault).toBeLessThan(endS)
    }
  })
})

test('every rule is the cause of some scenario, and every fault happens in one', () => {
  const broken = new Set(scenarios.flatMap(({ faults }) => faults.map(({ fault }) => fault)))
  const named = new Set(Array.from(broken, (fault) => faultKindOf(fault)?.rules ?? []).flat())
  expect(ruleIds.filter((rule) => !named.has(rule))).toEqual([])
  expect(faultKinds.filter(({ fault }) => !broken.has(fault)).map(({ fault }) => fault)).toEqual([])
})

test('every rule’s evidence is looked for', () => {
  const sought = new Set(evidence.map(({ rule }) => rule))
  expect(ruleIds.filter((rule) => !sought.has(rule))).toEqual([])
})

describe.each([...Map.groupBy(evidence, ({ scenario }) => scenario)])('what is heard of %s', (name, rows) => {
  const places = rows.flatMap(({ at, beside = [] }) => [at, ...beside])
  let heard: Heard
  beforeAll(() => {
    const devices = new Set(places.map((place) => place.split('/')[0] ?? ''))
    heard = Heard.of(name, Math.max(...rows.map(({ withinH }) => withinH)), devices)
  })

  test.each(rows)('$rule: $at $says', ({ rule, at, shows, withinH }) => {
    const causes = heard.scenario.faults.filter(({ fault }) => {
      const { rules = [], brings = [] } = faultKindOf(fault) ?? {}
      return rules.includes(rule) || brings.includes(rule)
    })
    const beganS = Math.min(...causes.map(({ t }) => t))
    expect(shows(heard.between(0, beganS), at), 'before the fault').toBe(false)
    expect(shows(heard.between(0, withinH * 3_600), at), `within ${withinH} h`).toBe(true)
  })
})
