import type { PhotoMedia } from '../order-notes.ts'
import { isHeic, readHeic } from './heic.ts'
import { isJpeg, readJpeg } from './jpeg.ts'
import { isPng, readPng } from './png.ts'
import { isWebp, readWebp } from './webp.ts'

/** A picture as it may be kept: what it is is read from its own bytes, never from what the sender calls it, and
 *  what it says about the one who took it (place, device, time) is left out. Nothing is decoded: the browser that
 *  shows it does that, in its sandbox. */
export interface Picture {
  media: PhotoMedia
  bytes: Buffer
  /** As it is to be shown. */
  widthPx: number
  heightPx: number
}

/** 8 MiB and 16,384 px a side: a phone's picture is half of that; a browser shows no larger one. */
export const photoBytesLimit = 8 * 1024 * 1024
const sideLimitPx = 16_384

const formats = [
  { is: isJpeg, read: readJpeg },
  { is: isPng, read: readPng },
  { is: isWebp, read: readWebp },
  { is: isHeic, read: readHeic },
] as const

export function readPicture(bytes: Buffer): { ok: true; picture: Picture } | { ok: false; reason: string } {
  if (bytes.length > photoBytesLimit) return { ok: false, reason: 'expected at most 8 MiB' }
  const format = formats.find(({ is }) => is(bytes))
  if (!format) return { ok: false, reason: 'expected a JPEG, PNG, WebP or HEIC picture' }
  const picture = whole(() => format.read(bytes))
  if (!picture) return { ok: false, reason: 'the picture is broken or ends too early' }
  const { widthPx, heightPx } = picture
  if (widthPx < 1 || heightPx < 1 || Math.max(widthPx, heightPx) > sideLimitPx)
    return { ok: false, reason: `expected 1 to ${sideLimitPx} pixels a side, got ${widthPx} x ${heightPx}` }
  return { ok: true, picture }
}

/** A buffer throws a `RangeError` where one reads beyond its end: the sender's picture is shorter than it says. */
function whole(read: () => Picture | undefined): Picture | undefined {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof RangeError) return undefined
    throw cause
  }
}
