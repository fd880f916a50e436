import { z } from 'zod'
import type { ReadingPayload, ReadingSchema } from './envelope.ts'
import { isObject } from './refusal.ts'

/** The short way for what nearly always comes: a reading in which everything is plain. It only ever says yes, to a
 *  payload that zod would take unchanged; whatever it does not understand (an unknown key, a quality letter, a
 *  value out of range) takes the long way, where zod's word counts. Its limits are those of the schema itself.
 *  zod allocates for every key, and a broker that is busy brings 40,000 of these a second. */
export type PlainReading = (payload: unknown) => payload is ReadingPayload

const integer = z.object({ type: z.literal('integer'), minimum: z.number(), maximum: z.number() })
const choice = z.object({ enum: z.array(z.union([z.number(), z.string()])) })
const rule = z.union([integer, choice]).transform((known): Rule => {
  if ('enum' in known) return { words: new Set(known.enum) }
  return { least: known.minimum, most: known.maximum }
})
const envelope = z.object({
  properties: z.object({
    c: z.object({ pattern: z.string() }),
    b: rule,
    s: rule,
    t: rule,
    k: rule,
    d: z.object({ properties: z.record(z.string(), rule) }),
  }),
})

type Rule = { least: number; most: number } | { words: ReadonlySet<unknown> }

const plainKeys = 6

/** Throws when the schema says something that this file does not understand. */
export function plainReading(schema: ReadingSchema): PlainReading {
  const { c, b, s, t, k, d } = envelope.parse(z.toJSONSchema(schema)).properties
  const spoken = new RegExp(c.pattern)
  const signals = new Map(Object.entries(d.properties))
  /** A fleet speaks one version or two. */
  let lately: unknown
  const isSpoken = (contract: unknown) => {
    if (contract === lately) return true
    if (typeof contract !== 'string' || !spoken.test(contract)) return false
    lately = contract
    return true
  }
  return (payload): payload is ReadingPayload =>
    isObject(payload) &&
    isSpoken(payload['c']) &&
    allows(b, payload['b']) &&
    allows(s, payload['s']) &&
    allows(t, payload['t']) &&
    allows(k, payload['k']) &&
    areAllowed(signals, payload['d']) &&
    keysIn(payload) === plainKeys
}

function areAllowed(signals: ReadonlyMap<string, Rule>, values: unknown): boolean {
  if (!isObject(values)) return false
  for (const name in values) {
    const rule = signals.get(name)
    if (!rule || !allows(rule, values[name])) return false
  }
  return true
}

function allows(rule: Rule, value: unknown): boolean {
  if ('words' in rule) return rule.words.has(value)
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= rule.least && value <= rule.most
}

function keysIn(record: object): number {
  let keys = 0
  for (const _ in record) keys++
  return keys
}
