import type { Picture } from './picture.ts'

/** HEIC (ISO/IEC 23008-12), what iPhones keep: boxes in boxes. The picture and its Exif are *items*: `iinf` says
 *  what each is, `iloc` where its bytes lie. Taking bytes out would move all that come after, so those of Exif and
 *  XMP are blanked where they lie. How to turn the picture is said elsewhere (`irot`) and stays. */

const brands: ReadonlySet<string> = new Set(['heic', 'heix', 'heim', 'heis'])
/** Extents may take no room at all, and a crooked file could have billions of them. */
const placesLimit = 10_000
const metadata: ReadonlySet<string> = new Set(['Exif', 'mime'])

interface Box {
  name: string
  /** Where its content begins and ends in the file. */
  from: number
  to: number
}

export function isHeic(bytes: Buffer): boolean {
  if (bytes.length < 16 || bytes.toString('latin1', 4, 8) !== 'ftyp') return false
  const words = Math.min(64, bytes.readUInt32BE(0)) / 4
  return Array.from({ length: words }, (_, at) => bytes.toString('latin1', 4 * at, 4 * at + 4)).some((word) =>
    brands.has(word),
  )
}

/** Undefined where the picture is broken, does not end, or keeps its metadata where it cannot be blanked. A
 *  `RangeError` where it ends inside a box. */
export function readHeic(original: Buffer): Picture | undefined {
  const bytes = Buffer.from(original)
  const top = boxesIn(bytes, { from: 0, to: bytes.length })
  const meta = top?.find(({ name }) => name === 'meta')
  const inner = meta && boxesIn(bytes, { from: meta.from + 4, to: meta.to })
  if (!inner || !top?.some(({ name }) => name === 'mdat')) return undefined
  const size = sizeOf(bytes, inner)
  const personal = itemsOf(bytes, inner, metadata)
  if (!size || !personal || !blank(bytes, inner, personal)) return undefined
  return { media: 'image/heic', bytes, ...size }
}

function boxesIn(bytes: Buffer, { from, to }: Omit<Box, 'name'>): Box[] | undefined {
  const boxes: Box[] = []
  for (let at = from; at < to;) {
    const short = bytes.readUInt32BE(at)
    const isLong = short === 1
    const length = isLong ? Number(bytes.readBigUInt64BE(at + 8)) : short === 0 ? to - at : short
    const head = isLong ? 16 : 8
    if (length < head || at + length > to) return undefined
    boxes.push({ name: bytes.toString('latin1', at + 4, at + 8), from: at + head, to: at + length })
    at += length
  }
  return boxes
}

/** The largest of the pictures in it: thumbnails and tiles are smaller. */
function sizeOf(bytes: Buffer, meta: readonly Box[]): Pick<Picture, 'widthPx' | 'heightPx'> | undefined {
  const properties = meta.find(({ name }) => name === 'iprp')
  const list = (properties && boxesIn(bytes, properties))?.find(({ name }) => name === 'ipco')
  const extents = ((list && boxesIn(bytes, list)) ?? []).filter(({ name }) => name === 'ispe')
  const sizes = extents.map(({ from }) => ({
    widthPx: bytes.readUInt32BE(from + 4),
    heightPx: bytes.readUInt32BE(from + 8),
  }))
  return sizes.sort((a, b) => b.widthPx * b.heightPx - a.widthPx * a.heightPx)[0]
}

/** Ids of the items of these types. */
function itemsOf(
  bytes: Buffer,
  meta: readonly Box[],
  types: ReadonlySet<string>,
): ReadonlySet<number> | undefined {
  const info = meta.find(({ name }) => name === 'iinf')
  if (!info) return undefined
  const entriesAt = info.from + (bytes.readUInt8(info.from) === 0 ? 6 : 8)
  const entries = boxesIn(bytes, { from: entriesAt, to: info.to })
  if (!entries) return undefined
  const ids = entries.flatMap(({ from }) => {
    const wide = bytes.readUInt8(from) >= 3 ? 4 : 2
    const type = bytes.toString('latin1', from + 6 + wide, from + 10 + wide)
    return types.has(type) ? [bytes.readUIntBE(from + 4, wide)] : []
  })
  return new Set(ids)
}

/** False where one of them lies elsewhere than in the file itself. */
function blank(bytes: Buffer, meta: readonly Box[], items: ReadonlySet<number>): boolean {
  if (items.size === 0) return true
  const where = meta.find(({ name }) => name === 'iloc')
  if (!where) return false
  const places = placesIn(bytes, where).filter(({ item }) => items.has(item))
  if (places.some(({ inFile }) => !inFile)) return false
  for (const { from, length } of places) {
    if (from + length > bytes.length) return false
    bytes.fill(0, from, from + length)
  }
  return true
}

interface Place {
  item: number
  inFile: boolean
  from: number
  length: number
}

function placesIn(bytes: Buffer, { from }: Box): Place[] {
  const version = bytes.readUInt8(from)
  const sizes = bytes.readUInt16BE(from + 4)
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15]
  const indexSize = version === 0 ? 0 : sizes & 15
  let at = from + 6
  const take = (size: number) => {
    at += size
    if (size === 8) return Number(bytes.readBigUInt64BE(at - 8))
    return size === 0 ? 0 : bytes.readUIntBE(at - size, size)
  }
  const wide = version < 2 ? 2 : 4
  const places: Place[] = []
  for (let items = take(wide); items > 0; items--) {
    const item = take(wide)
    const inFile = version === 0 || (take(2) & 15) === 0
    take(2)
    const base = take(baseSize)
    for (let extents = take(2); extents > 0; extents--) {
      take(indexSize)
      const offset = take(offsetSize)
      if (places.length >= placesLimit) throw new RangeError('more places than a picture has parts')
      places.push({ item, inFile, from: base + offset, length: take(lengthSize) })
    }
  }
  return places
}
