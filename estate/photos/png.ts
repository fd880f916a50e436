import type { Picture } from './picture.ts'

/** PNG (W3C): a signature and chunks, each with its length, name and checksum. Kept are those that draw the
 *  picture; times, texts, Exif and whatever else somebody wrote beside it are left out. */

const signature = Buffer.from('89504e470d0a1a0a', 'hex')
const kept: ReadonlySet<string> = new Set([
  ...['IHDR', 'PLTE', 'IDAT', 'IEND', 'tRNS', 'gAMA', 'cHRM', 'sRGB', 'iCCP', 'sBIT', 'bKGD', 'pHYs'],
])

export function isPng(bytes: Buffer): boolean {
  return bytes.subarray(0, signature.length).equals(signature)
}

/** Undefined where the picture is broken or does not end. A `RangeError` where it ends inside a chunk's head. */
export function readPng(bytes: Buffer): Picture | undefined {
  const parts: Buffer[] = [signature]
  for (let at = signature.length; ;) {
    const name = bytes.toString('latin1', at + 4, at + 8)
    const end = at + 12 + bytes.readUInt32BE(at)
    if (end > bytes.length || (at === signature.length && name !== 'IHDR')) return undefined
    if (kept.has(name)) parts.push(bytes.subarray(at, end))
    at = end
    if (name === 'IEND') break
  }
  return {
    media: 'image/png',
    bytes: Buffer.concat(parts),
    widthPx: bytes.readUInt32BE(signature.length + 8),
    heightPx: bytes.readUInt32BE(signature.length + 12),
  }
}
