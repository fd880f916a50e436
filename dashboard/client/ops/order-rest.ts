import * as z from 'zod/mini'
import { escalationLevels, pauseReasons } from '../../../estate/service-words.ts'
import { call, send, type Answer } from './rest.ts'

/** What the order card asks of the server besides moving the order on. */

const comment = z.object({ atMs: z.number(), who: z.string(), text: z.string() })
const photo = z.object({
  id: z.string(),
  atMs: z.number(),
  who: z.string(),
  widthPx: z.number(),
  heightPx: z.number(),
})
const notes = { comments: z.array(comment), photos: z.array(photo) }
const orderDetail = z.object({
  id: z.string(),
  ...notes,
  parts: z.array(z.object({ id: z.string(), ...notes })),
  history: z.array(
    z.object({
      type: z.string(),
      atMs: z.number(),
      who: z.optional(z.string()),
      why: z.optional(z.string()),
      reason: z.optional(z.object({ zh: z.string(), en: z.string() })),
      pause: z.optional(z.enum(pauseReasons)),
      escalation: z.optional(z.object({ level: z.enum(escalationLevels) })),
    }),
  ),
})
export type OrderDetail = z.infer<typeof orderDetail>
export type Comment = z.infer<typeof comment>
export type Photo = z.infer<typeof photo>

const colleagues = z.object({ staff: z.array(z.object({ name: z.string() })) })

export function readOrder(order: string, abort: AbortSignal): Promise<Answer<OrderDetail>> {
  return call(pathOf(order), { signal: abort }, orderDetail)
}

export function addComment(order: string, text: string): Promise<Answer<OrderDetail>> {
  return call(`${pathOf(order)}/comments`, send('POST', { text }), orderDetail)
}

/** The file as it is: the server looks for itself what it is. */
export function addPhoto(order: string, file: File): Promise<Answer<OrderDetail>> {
  return call(`${pathOf(order)}/photos`, { method: 'POST', body: file }, orderDetail)
}

export function photoPath(order: string, photo: string): string {
  return `${pathOf(order)}/photos/${photo}`
}

/** Names of those an order can be given to. */
export async function readColleagues(): Promise<Answer<readonly string[]>> {
  const answer = await call('/api/v1/staff', {}, colleagues)
  return answer.ok ? { ok: true, value: answer.value.staff.map(({ name }) => name) } : answer
}

function pathOf(order: string): string {
  return `/api/v1/work-orders/${encodeURIComponent(order)}`
}
