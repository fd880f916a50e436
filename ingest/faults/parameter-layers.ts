import { z } from 'zod'
import { defaultParameters, siteParameters, type SiteParameters } from './parameters.ts'

/** Thresholds lie in three layers, like sheets of glass: the defaults of the code, what the district says of all its
 *  sites, what a site says of itself. Only what differs is written down, so that a better default reaches every
 *  site that never touched it. Of a list (announced turns of the season) a layer adds to the one below. */

/** What differs, as JSON: `{ H01: { fallKpa: 60 } }`. */
export const overrides = z.record(z.string(), z.json())
export type Overrides = z.infer<typeof overrides>
type Json = z.infer<ReturnType<typeof z.json>>
type JsonObject = { [key: string]: Json }

/** A parameter that is wrong, and what was expected; `field` is a path such as `H01.fallKpa`. */
export interface Mistake {
  field: string
  detail: string
}

export type Composed = { ok: true; values: SiteParameters } | { ok: false; mistakes: Mistake[] }

/** All layers, from the lowest, as one set of values; or every mistake in them. */
export function composed(...layers: readonly Overrides[]): Composed {
  const given = layers.reduce<JsonObject>((below, layer) => laid(below, layer), {})
  const { success, data, error } = siteParameters.safeParse(given)
  const stray = strayIn(given, z.json().parse(success ? data : defaultParameters))
  if (success && stray.length === 0) return { ok: true, values: data }
  const wrong = (error?.issues ?? []).map(({ path, message }) => ({ field: path.join('.'), detail: message }))
  return { ok: false, mistakes: [...stray, ...wrong] }
}

/** A merge patch (RFC 7396): what is named replaces what was, `null` takes it back to the layer below. */
export function patched(was: Overrides, patch: Overrides): Overrides {
  const next: JsonObject = { ...was }
  for (const [key, value] of Object.entries(patch)) {
    const before = next[key]
    if (value === null) delete next[key]
    else next[key] = isObject(value) ? patched(isObject(before) ? before : {}, value) : value
    const now = next[key]
    if (now !== undefined && isObject(now) && Object.keys(now).length === 0) delete next[key]
  }
  return next
}

/** One parameter before and after a change; undefined = as in the layer below. */
export interface Difference {
  field: string
  was?: Json
  is?: Json
}

export function differences(was: Overrides, is: Overrides): Difference[] {
  const [before, after] = [new Map(leaves(was)), new Map(leaves(is))]
  const fields = new Set([...before.keys(), ...after.keys()])
  return [...fields].sort().flatMap((field) => {
    const [from, to] = [before.get(field), after.get(field)]
    if (JSON.stringify(from) === JSON.stringify(to)) return []
    return [{ field, ...(from !== undefined && { was: from }), ...(to !== undefined && { is: to }) }]
  })
}

function leaves(of: JsonObject, path: readonly string[] = []): [field: string, value: Json][] {
  return Object.entries(of).flatMap(([key, value]): [string, Json][] =>
    isObject(value) ? leaves(value, [...path, key]) : [[[...path, key].join('.'), value]],
  )
}

/** `above` over `below`. */
export function laid(below: JsonObject, above: JsonObject): JsonObject {
  const next = { ...below }
  for (const [key, value] of Object.entries(above)) {
    const under = next[key]
    if (isObject(value) && isObject(under)) next[key] = laid(under, value)
    else next[key] = Array.isArray(value) && Array.isArray(under) ? [...under, ...value] : value
  }
  return next
}

/** Names that no parameter has; `known` has them all. */
function strayIn(given: Json, known: Json, path: readonly string[] = []): Mistake[] {
  if (!isObject(given) || !isObject(known)) return []
  return Object.entries(given).flatMap(([key, value]) => {
    const at = [...path, key]
    const under = known[key]
    if (under !== undefined) return strayIn(value, under, at)
    return [{ field: at.join('.'), detail: `expected one of ${Object.keys(known).join(', ')}` }]
  })
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `H01.fallKpa=40` or `season.announced=[…]`, one a parameter, as somebody writes them on a command line. What is no
 *  JSON is a word; without a value (`H01.fallKpa=`) it is taken back to the layer below. They go before `others`. */
export function overridesFrom(settings: readonly string[], others: Overrides = {}): Overrides {
  return settings.reduce<Overrides>((all, setting) => {
    const at = setting.indexOf('=')
    const path = (at < 0 ? setting : setting.slice(0, at)).split('.')
    const value = at < 0 ? '' : setting.slice(at + 1)
    const leaf = value === '' ? null : valueIn(value)
    const one = path.reduceRight<Json>((below, key) => ({ [key]: below }), leaf)
    return isObject(one) ? laid(all, one) : all
  }, others)
}

function valueIn(text: string): Json {
  try {
    return z.json().parse(JSON.parse(text))
  } catch (cause) {
    if (cause instanceof SyntaxError) return text
    throw cause
  }
}
