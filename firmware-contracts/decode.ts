import { deviceMessageByKey, messageKey, type DeviceMessage } from './catalogue.ts'
import type { BirthPayload, ReadingPayload, UploadPayload } from './envelope.ts'
import type { Address, Birth, Decoded, Message, Quality, Reading, Refusal } from './message.ts'
import { isObject, refusalOf, shortened, shown } from './refusal.ts'
import { parseTopic } from './topics.ts'

/** From bytes to a message, or to the reason why not. What a device sends is weather: nothing in it can make
 *  `decode` throw, hang or remember without limit.
 *
 *      topic -> route -> size -> UTF-8 -> JSON -> the one schema of the route -> message
 *
 *  A route (who speaks, which schema) depends on the topic alone, and a fleet has few topics: they are kept. */

interface Route {
  address: Readonly<Address>
  message: DeviceMessage
}

/** Topics remembered: a district of 10,000 devices with a handful of topics each. The oldest goes first. */
const routesKept = 65_536
/** Keys without a meaning that are named to the firmware's developers, per message. */
const unknownKeysNamed = 16
const unknownKeyLength = 40

const routes = new Map<string, Route>()
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const nothingUnknown: readonly string[] = Object.freeze([])
const noQuality: Readonly<Record<string, Quality>> = Object.freeze({})

/** Reads one message as it came from the broker. Never throws. */
export function decode(topic: string, bytes: Uint8Array): Decoded {
  const route = routes.get(topic) ?? routeOf(topic)
  if ('reason' in route) return { ok: false, refusal: route }
  const { address, message } = route
  if (bytes.byteLength > message.maxBytes) {
    const expected = `at most ${message.maxBytes} bytes`
    return refuse(address, { reason: 'too-large', path: '', expected, got: `${bytes.byteLength} bytes` })
  }
  const parsed = parseJson(bytes)
  if ('refusal' in parsed) return refuse(address, parsed.refusal)
  return read(route, parsed.payload)
}

function refuse(address: Address, refusal: Refusal): Decoded {
  return { ok: false, refusal, address }
}

function routeOf(topic: string): Route | Refusal {
  const parsed = parseTopic(topic)
  if (!parsed.ok) return unknownTopic(parsed.expected, parsed.got)
  const { address } = parsed
  const message = deviceMessageByKey.get(messageKey(address.kind, address.class, address.sub !== undefined))
  if (!message) return unknownTopic(`something that a ${address.kind} publishes`, topic)
  const route = { address: Object.freeze(address), message }
  if (message.form !== 'ack') keep(topic, route)
  return route
}

function unknownTopic(expected: string, got: string): Refusal {
  return { reason: 'topic-unknown', path: '', expected, got: shown(got) }
}

function keep(topic: string, route: Route): void {
  if (routes.size >= routesKept) {
    for (const oldest of routes.keys()) {
      routes.delete(oldest)
      break
    }
  }
  routes.set(topic, route)
}

function parseJson(bytes: Uint8Array): { payload: unknown } | { refusal: Refusal } {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return {
      refusal: { reason: 'not-utf8', path: '', expected: 'UTF-8 text', got: `${bytes.byteLength} bytes` },
    }
  }
  try {
    return {
      payload: mayHoldNegativeZero.test(text) ? JSON.parse(text, withoutNegativeZero) : JSON.parse(text),
    }
  } catch {
    const got = text === '' ? 'nothing' : shown(text)
    return { refusal: { reason: 'not-json', path: '', expected: 'one JSON object, without a BOM', got } }
  }
}

/** `-0`, and `-1e-999`, which is too small to be anything else: the same measurement as 0, yet another number. */
const mayHoldNegativeZero = /-0|e-/i

function withoutNegativeZero(_key: string, value: unknown): unknown {
  return value === 0 ? 0 : value
}

function read({ address, message }: Route, payload: unknown): Decoded {
  switch (message.form) {
    case 'reading': {
      if (message.isPlain(payload)) return plain(address, message.class, payload)
      const { success, data, error } = message.schema.safeParse(payload)
      return success
        ? reading(address, message.class, data, payload)
        : invalid(address, message, payload, error)
    }
    case 'upload': {
      const { success, data, error } = message.schema.safeParse(payload)
      return success
        ? upload(address, message.class, data, payload)
        : invalid(address, message, payload, error)
    }
    case 'connection': {
      const { success, data, error } = message.schema.safeParse(payload)
      if (!success) return invalid(address, message, payload, error)
      return { ok: true, message: { type: 'connection', address, state: data.st, boot: data.b, t: data.t } }
    }
    case 'birth': {
      const { success, data, error } = message.schema.safeParse(payload)
      if (!success) return invalid(address, message, payload, error)
      return { ok: true, message: { type: 'birth', address, birth: birth(data) } }
    }
    case 'ack': {
      const { success, data, error } = message.schema.safeParse(payload)
      if (!success) return invalid(address, message, payload, error)
      const { b: boot, s: seq, t, id, ok, code } = data
      const ack: Message = { type: 'ack', address, boot, seq, t, id, ok: ok === 1 }
      return { ok: true, message: code === undefined ? ack : { ...ack, code } }
    }
  }
}

function invalid(
  address: Address,
  { schema }: DeviceMessage,
  payload: unknown,
  error: Parameters<typeof refusalOf>[2],
): Decoded {
  return refuse(address, refusalOf(schema, payload, error))
}
function reading(address: Address, type: Reading['class'], data: ReadingPayload, came: unknown): Decoded {
  const { c: contract, b: boot, k: clock } = data
  const readings = [readingOf(address, type, { contract, boot, clock }, data)]
  const unknownKeys = unknownInSample(data, came, '')
  return { ok: true, message: { type: 'readings', address, boot, readings, unknownKeys } }
}

/** Nothing in it is unknown. */
function plain(address: Address, type: Reading['class'], data: ReadingPayload): Decoded {
  const { c: contract, b: boot, k: clock } = data
  const readings = [readingOf(address, type, { contract, boot, clock }, data)]
  return { ok: true, message: { type: 'readings', address, boot, readings, unknownKeys: nothingUnknown } }
}

function upload(address: Address, type: Reading['class'], data: UploadPayload, came: unknown): Decoded {
  const { c: contract, b: boot, k: clock, r: rows } = data
  const readings = rows.map((row) => readingOf(address, type, { contract, boot, clock }, row))
  const rowsThatCame = isObject(came) && Array.isArray(came['r']) ? came['r'] : []
  const unknown = new Set(unknownIn(data, came, ''))
  rows.forEach((row, index) => {
    for (const key of unknownInSample(row, rowsThatCame[index], 'r.')) unknown.add(key)
  })
  const unknownKeys = [...unknown].slice(0, unknownKeysNamed)
  return { ok: true, message: { type: 'readings', address, boot, readings, unknownKeys } }
}

type Sample = Pick<ReadingPayload, 's' | 't' | 'd' | 'q'>

function readingOf(
  { site, kind, device, sub }: Address,
  type: Reading['class'],
  { contract, boot, clock }: Pick<Reading, 'contract' | 'boot' | 'clock'>,
  { s: seq, t, d: values, q: quality = noQuality }: Sample,
): Reading {
  const place = sub === undefined ? { site, kind, device } : { site, kind, device, port: sub }
  return { ...place, class: type, contract, boot, seq, t, clock, values, quality }
}

function unknownInSample(known: Sample, came: unknown, path: string): readonly string[] {
  const { d, q } = isObject(came) ? came : {}
  const keys = [
    ...unknownIn(known, came, path),
    ...unknownIn(known.d, d, `${path}d.`),
    ...unknownIn(known.q ?? noQuality, q, `${path}q.`),
  ]
  return keys.slice(0, unknownKeysNamed)
}

/** A schema keeps only the keys it knows, so what came and what was kept differ in number if any is unknown. */
function unknownIn(known: object, came: unknown, path: string): readonly string[] {
  if (!isObject(came)) return []
  const keys = Object.keys(came)
  if (keys.length === Object.keys(known).length) return []
  const unknown = keys.filter((key) => !Object.hasOwn(known, key)).slice(0, unknownKeysNamed)
  return unknown.map((key) => shortened(`${path}${key}`, unknownKeyLength))
}

function birth({ c, b, s, t, k, d }: BirthPayload): Birth {
  return {
    contract: c,
    boot: b,
    seq: s,
    t,
    clock: k,
    firmware: d.fw,
    hardware: d.hw,
    serial: d.serial,
    bootReason: d.boot_reason,
    contractHash: d.hash,
    periodS: d.period_s,
    deliveryS: d.delivery_s,
  }
}
