import type { Picture } from './picture.ts'

/** WebP (RFC 9649): a RIFF file of chunks. EXIF and XMP are left out, and the flags that announce them. */

const metadata: ReadonlySet<string> = new Set(['EXIF', 'XMP '])
const metadataFlags = 0x08 | 0x04

interface Chunk {
  name: string
  bytes: Buffer
  body: Buffer
}

export function isWebp(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP'
}

/** Undefined where the picture is broken or does not end. A `RangeError` where it ends inside a chunk's head. */
export function readWebp(bytes: Buffer): Picture | undefined {
  const end = 8 + bytes.readUInt32LE(4)
  if (end > bytes.length) return undefined
  const chunks: Chunk[] = []
  for (let at = 12; at < end;) {
    const bodyEnd = at + 8 + bytes.readUInt32LE(at + 4)
    const next = bodyEnd + (bodyEnd % 2)
    if (bodyEnd > end) return undefined
    chunks.push({
      name: bytes.toString('latin1', at, at + 4),
      bytes: bytes.subarray(at, next),
      body: bytes.subarray(at + 8, bodyEnd),
    })
    at = next
  }
  const size = chunks.map(sizeIn).find((known) => known !== undefined)
  if (!size) return undefined
  const body = Buffer.concat([
    Buffer.from('WEBP', 'latin1'),
    ...chunks.filter(({ name }) => !metadata.has(name)).map(quiet),
  ])
  const head = Buffer.from('RIFF\0\0\0\0', 'latin1')
  head.writeUInt32LE(body.length, 4)
  return { media: 'image/webp', bytes: Buffer.concat([head, body]), ...size }
}

function quiet({ name, bytes }: Chunk): Buffer {
  if (name !== 'VP8X') return bytes
  const copy = Buffer.from(bytes)
  copy.writeUInt8(copy.readUInt8(8) & ~metadataFlags, 8)
  return copy
}

function sizeIn({ name, body }: Chunk): { widthPx: number; heightPx: number } | undefined {
  switch (name) {
    case 'VP8X':
      return { widthPx: 1 + body.readUIntLE(4, 3), heightPx: 1 + body.readUIntLE(7, 3) }
    case 'VP8 ':
      return { widthPx: body.readUInt16LE(6) & 0x3fff, heightPx: body.readUInt16LE(8) & 0x3fff }
    case 'VP8L': {
      const bits = body.readUInt32LE(1)
      return { widthPx: 1 + (bits & 0x3fff), heightPx: 1 + ((bits >>> 14) & 0x3fff) }
    }
    default:
      return undefined
  }
}
