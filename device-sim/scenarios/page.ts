import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { deviceFaults } from '../firmware/device-faults.ts'
import { fleetNames, fleets } from '../fleets/fleets.ts'
import { chargingFaults } from '../plant/charging-faults.ts'
import { heatingFaults } from '../plant/heating-faults.ts'
import { waterFaults } from '../plant/water-faults.ts'
import { catalogue } from './catalogue.ts'
import type { FaultKind } from './fault-kind.ts'
import { faultKindOf } from './faults.ts'
import { groundTruthSchema } from './ground-truth.ts'
import { loadScenario, scenarioNames, scenarioSchema } from './scenario.ts'

/** The scenarios' page, docs/scenarios.md. Its prose is written by hand; what stands between two marks comes from
 *  the code: `npm run docs` writes it, and a test sees to it that somebody has. */
export const pageFile = new URL('../../docs/scenarios.md', import.meta.url)

type JsonSchema = z.core.JSONSchema.BaseSchema
type Row = readonly string[]

/** The page with everything between its marks as the code is now. Throws when a mark is missing. */
export function scenariosPage(text: string): string {
  const blocks: Readonly<Record<string, string>> = {
    fields: table(
      ['field', 'what', 'may be', 'unless told'],
      fieldsOf(z.toJSONSchema(scenarioSchema, input)),
    ),
    heating: faultTable(heatingFaults),
    water: faultTable(waterFaults),
    charging: faultTable(chargingFaults),
    devices: faultTable(deviceFaults),
    rules: table(['rule', 'looks for'], Object.entries(catalogue)),
    scenarios: scenarioTable(),
    fleets: table(
      ['fleet', 'what stands there'],
      fleetNames.map((name) => [code(name), fleets[name].about]),
    ),
    truth: table(
      ['field', 'what', 'is'],
      fieldsOf(z.toJSONSchema(groundTruthSchema)).map((row) => row.slice(0, 3)),
    ),
  }
  return Object.entries(blocks).reduce((page, [name, body]) => filled(page, name, body), text)
}

/** What a writer may leave out is not asked for. */
const input = { io: 'input' } as const

function filled(page: string, name: string, body: string): string {
  const [begin, end] = [`<!-- ${name}: npm run docs -->\n`, `<!-- end of ${name} -->`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`the page has no place for ${name}`)
  const kept = `\n<!-- prettier-ignore-start -->\n\n${body}\n<!-- prettier-ignore-end -->\n\n`
  return page.slice(0, from + begin.length) + kept + page.slice(to)
}

function faultTable(kinds: readonly FaultKind[]): string {
  const rows = kinds.map(({ fault, at, params, rules, about }) => [
    code(fault),
    at.join(', '),
    fieldsOf(z.toJSONSchema(params, input)).map(paramText).join('<br>'),
    rules.join(' '),
    about,
  ])
  return table(['fault', 'where', 'params', 'rules', 'what happens'], rows)
}

function paramText([name = '', , may = '', unless = '']: Row): string {
  const unit = unitOf(name.replaceAll('`', ''))
  return [`${name}:`, may, unit, unless && `(${unless})`].filter(Boolean).join(' ')
}

/** The unit that the end of a param's name says. */
function unitOf(name: string): string {
  return (
    Object.entries(units).find(([ending]) => name === ending || name.endsWith(capital(ending)))?.[1] ?? ''
  )
}

const units: Readonly<Record<string, string>> = {
  m3h: 'm³/h',
  lph: 'L/h',
  l: 'L',
  kPerMin: 'K/min',
  hz: 'Hz',
  volts: 'V',
  ohm: 'Ω',
  ma: 'mA',
  mv: 'mV',
  w: 'W',
  seconds: 's',
  s: 's',
  h: 'h',
  k: 'K',
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

function scenarioTable(): string {
  const rows = scenarioNames().map((name) => {
    const { about, days, faults } = loadScenario(name)
    const rules = new Set(faults.flatMap(({ fault }) => faultKindOf(fault)?.rules ?? []))
    return [code(name), `${days}`, [...rules].sort().join(' '), about]
  })
  return table(['scenario', 'days', 'cause for', 'what happens'], rows)
}

/** Every field of an object, and of the objects in it: name, description, what it may be, its default. */
function fieldsOf({ properties = {}, required = [] }: JsonSchema, path = ''): Row[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    if (typeof schema === 'boolean') return []
    const inner = innerOf(schema)
    const row = [
      code(path + name),
      schema.description ?? '',
      mayBe(schema),
      unlessTold(schema, required.includes(name)),
    ]
    return [row, ...(inner ? fieldsOf(inner.schema, `${path}${name}${inner.path}`) : [])]
  })
}

/** The object in a field, in its list, or in one of its choices. */
function innerOf(schema: JsonSchema): { schema: JsonSchema; path: string } | undefined {
  if (schema.properties) return { schema, path: '.' }
  const { items, anyOf = [] } = schema
  if (typeof items === 'object' && !Array.isArray(items) && items.properties)
    return { schema: items, path: '[].' }
  for (const choice of anyOf) {
    const inner = typeof choice === 'object' ? innerOf(choice) : undefined
    if (inner) return inner
  }
  return undefined
}

/** More words than these are a table of their own. */
const wordsShown = 8

function mayBe(schema: JsonSchema): string {
  if (schema.const !== undefined) return code(JSON.stringify(schema.const))
  if (schema.anyOf)
    return schema.anyOf.map((choice) => (typeof choice === 'object' ? mayBe(choice) : '')).join(', or ')
  if (schema.enum)
    return schema.enum.length > wordsShown
      ? 'a name'
      : schema.enum.map((word) => code(String(word))).join(', ')
  if (schema.format === 'date-time') return 'a time with its zone'
  if (schema.type === 'integer') return `whole, ${rangeOf(schema)}`
  if (schema.type === 'number') return rangeOf(schema)
  return typeof schema.type === 'string' ? (plainTypes[schema.type] ?? '') : ''
}

const plainTypes: Readonly<Record<string, string>> = { array: 'a list', string: 'text', null: '`null`' }

function rangeOf({ minimum, maximum, exclusiveMinimum }: JsonSchema): string {
  const least = minimum ?? (typeof exclusiveMinimum === 'number' ? exclusiveMinimum : undefined)
  const from = least === undefined || least <= Number.MIN_SAFE_INTEGER ? '' : `${least}`
  const to = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? '' : `${maximum}`
  if (from === '' && to === '') return 'a number'
  const above = minimum === undefined && from !== '' ? 'above ' : ''
  return to === '' ? `${above || 'at least '}${from}` : `${above}${from} … ${to}`
}

function unlessTold(schema: JsonSchema, isNeeded: boolean): string {
  if (isNeeded) return 'needed'
  const given = schema.default
  return typeof given === 'string' || typeof given === 'number' ? code(`${given}`) : ''
}

function code(text: string): string {
  return `\`${text}\``
}

function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.join(' | ')} |\n`
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('')
}

if (import.meta.main) writeFileSync(pageFile, scenariosPage(readFileSync(pageFile, 'utf8')))
