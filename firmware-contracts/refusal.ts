import { z } from 'zod'
import type { Refusal } from './message.ts'

/** Telling a firmware developer what was wrong: where, what the contract wants there, what came instead.
 *  What the contract wants is read from the contract's own JSON Schema, so that it cannot say anything else.
 *  All this is paid for only by messages that are refused. */

/** Longest `got`, in characters. */
const gotLength = 80

type Path = readonly PropertyKey[]

/** The first fault that a schema found in `payload`. */
export function refusalOf(schema: z.ZodType, payload: unknown, error: z.ZodError): Refusal {
  const issue = error.issues[0]
  const path = issue?.path ?? []
  const got = shown(at(payload, path))
  return {
    reason: reasonOf(path, payload),
    path: written(path),
    expected: issue?.code === 'custom' ? issue.message : expectedAt(schema, path),
    got,
    ...identityOf(payload),
  }
}

/** Boot and sequence number of a payload, where it has believable ones. */
export function identityOf(payload: unknown): { boot?: number; seq?: number } {
  if (!isObject(payload)) return {}
  const { b, s } = payload
  return { ...(isU32(b) && { boot: b }), ...(isU32(s) && { seq: s }) }
}

function reasonOf(path: Path, payload: unknown): Refusal['reason'] {
  if (path.length === 1 && path[0] === 'c' && isObject(payload) && typeof payload['c'] === 'string') {
    return 'contract-unknown'
  }
  const insideData = path.some((key, index) => (key === 'd' || key === 'q') && index < path.length - 1)
  return insideData ? 'value-invalid' : 'envelope-invalid'
}

/** `['r', 2, 'd', 'vol_l']` is written `r[2].d.vol_l`. */
function written(path: Path): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`
      return index === 0 ? String(key) : `.${String(key)}`
    })
    .join('')
}

function at(payload: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return value[Number(key)]
    return isObject(value) ? value[String(key)] : undefined
  }, payload)
}

/** A value in at most 80 characters, whatever it is and however deep. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return shortened(JSON.stringify(value.slice(0, gotLength)))
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (isObject(value))
    return shortened(`an object with ${Object.keys(value).slice(0, 8).join(', ') || 'nothing'}`)
  return shortened(typeof value === 'number' ? String(value) : JSON.stringify(value))
}

/** Cut to length, and free of half characters that no text file could hold. */
export function shortened(text: string, length = gotLength): string {
  const whole = text.length <= length ? text : `${text.slice(0, length - 1)}…`
  return whole.toWellFormed()
}

const jsonSchemas = new WeakMap<z.ZodType, z.core.JSONSchema._JSONSchema>()

function expectedAt(schema: z.ZodType, path: Path): string {
  let known = jsonSchemas.get(schema)
  if (known === undefined) {
    known = z.toJSONSchema(schema, { io: 'input' })
    jsonSchemas.set(schema, known)
  }
  return expectation(path.reduce(into, known))
}

type Node = z.core.JSONSchema._JSONSchema | undefined

function into(node: Node, key: PropertyKey): Node {
  if (typeof node !== 'object') return undefined
  if (typeof key === 'number') return Array.isArray(node.items) ? node.items[key] : node.items
  return node.properties?.[String(key)]
}

function expectation(node: Node): string {
  if (typeof node !== 'object') return 'what the contract allows'
  if (node.description !== undefined) return node.description
  if (node.enum) return `one of ${node.enum.join(', ')}`
  if (node.type === 'integer') {
    const unit = typeof node['unit'] === 'string' ? ` (${node['unit']})` : ''
    return `an integer ${node.minimum} … ${node.maximum}${unit}`
  }
  return node.type === 'array' ? 'a list that is not empty' : 'an object'
}

function isU32(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
