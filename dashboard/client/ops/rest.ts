import * as z from 'zod/mini'
import type { OrderAction } from '../../../estate/work-order.ts'

/** The calls of the engineers' page. What may go wrong is part of the answer, since each page part says it in
 *  its own place. */
export type Answer<Value> = { ok: true; value: Value } | { ok: false; failure: Failure }

export type Failure =
  | { kind: 'unauthorized' }
  | { kind: 'limited' }
  /** The server understood and said no; `detail` is its reason, for people. */
  | { kind: 'refused'; detail: string }
  | { kind: 'unreachable' }

const problem = z.object({
  title: z.optional(z.string()),
  detail: z.optional(z.string()),
  errors: z.optional(z.array(z.object({ detail: z.string() }))),
})

const history = z.object({
  buckets: z.array(z.object({ t: z.number(), min: z.number(), max: z.number(), mean: z.number() })),
})
export type HistoryBucket = z.infer<typeof history>['buckets'][number]

export function logIn(name: string, password: string): Promise<Answer<unknown>> {
  return call('/api/v1/session', send('POST', { name, password }), z.unknown())
}

export function logOut(): Promise<Answer<unknown>> {
  return call('/api/v1/session', { method: 'DELETE' }, z.unknown())
}

/** `body` carries what the action asks for: `assignee` for assign, `why` for reopen and cancel. */
export function actOnOrder(
  order: string,
  action: OrderAction,
  body: Readonly<Record<string, string>>,
): Promise<Answer<unknown>> {
  const path = `/api/v1/work-orders/${encodeURIComponent(order)}/${action}`
  return call(path, send('POST', body), z.unknown())
}

export interface HistoryQuestion {
  device: string
  signal: 'p_sup_kpa' | 'p_ret_kpa'
  fromMs: number
  toMs: number
  points: number
}

export async function readHistory(
  { device, signal, fromMs, toMs, points }: HistoryQuestion,
  abort: AbortSignal,
): Promise<Answer<readonly HistoryBucket[]>> {
  const query = `signal=${signal}&from=${fromMs}&to=${toMs}&points=${points}`
  const path = `/api/v1/devices/${encodeURIComponent(device)}/history?${query}`
  const answer = await call(path, { signal: abort }, history)
  return answer.ok ? { ok: true, value: answer.value.buckets } : answer
}

export function send(method: string, body: unknown): RequestInit {
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

export async function call<Value>(
  path: string,
  request: RequestInit,
  shape: z.ZodMiniType<Value>,
): Promise<Answer<Value>> {
  try {
    const response = await fetch(path, { ...request, credentials: 'same-origin' })
    const text = await response.text()
    if (!response.ok) return { ok: false, failure: failureOf(response.status, text) }
    const parsed = shape.safeParse(parseJson(text))
    if (parsed.success) return { ok: true, value: parsed.data }
    return { ok: false, failure: { kind: 'refused', detail: z.prettifyError(parsed.error) } }
  } catch {
    return { ok: false, failure: { kind: 'unreachable' } }
  }
}

function failureOf(status: number, text: string): Failure {
  if (status === 401) return { kind: 'unauthorized' }
  if (status === 429) return { kind: 'limited' }
  const said = problem.safeParse(parseJson(text))
  if (!said.success) return { kind: 'refused', detail: `HTTP ${status}` }
  const { errors = [], detail, title } = said.data
  // The name of a field tells people nothing; what is the matter with it does.
  const wrong = errors.map((error) => error.detail).join('; ')
  return { kind: 'refused', detail: wrong || (detail ?? title ?? `HTTP ${status}`) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
