import { z } from 'zod'
import type { WorkOrder } from './work-order.ts'

/** What people add to an order besides moving it on: words and pictures, for whoever comes after them. Neither can
 *  be taken back or changed, as nothing of an order can. */

/** An order's limits; what is beyond is refused and says so. */
export const noteLimits = { commentLength: 2_000, comments: 500, photos: 30 } as const

export const photoMedia = ['image/jpeg', 'image/png', 'image/webp', 'image/heic'] as const
export type PhotoMedia = (typeof photoMedia)[number]

/** A picture as it is kept. Its id is the SHA-256 of its bytes, hex: the same picture is kept once. */
export const photo = z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits'),
  media: z.enum(photoMedia),
  bytes: z.int().min(1),
  widthPx: z.int().min(1),
  heightPx: z.int().min(1),
})
export type Photo = z.infer<typeof photo>

export const commented = z.object({
  type: z.literal('commented'),
  atMs: z.number(),
  who: z.string(),
  text: z.string().min(1).max(noteLimits.commentLength),
})
export const photographed = z.object({
  type: z.literal('photographed'),
  atMs: z.number(),
  who: z.string(),
  photo,
})
export type OrderNote = z.infer<typeof commented> | z.infer<typeof photographed>

/** Why a note cannot be taken; undefined where it can. A closed order takes notes, one that became part of another
 *  does not: whoever reads that other one would miss it. */
export function noteRefusal(
  { id, mergedInto, comments, photos }: WorkOrder,
  note: OrderNote,
): string | undefined {
  if (mergedInto !== undefined) return `order ${id} is part of ${mergedInto}; add it there`
  if (note.type === 'commented')
    return comments.length < noteLimits.comments ? undefined : `${noteLimits.comments} comments are the most`
  const known = photos.some((one) => one.id === note.photo.id)
  return known || photos.length < noteLimits.photos ? undefined : `${noteLimits.photos} photos are the most`
}
