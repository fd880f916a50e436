import type { Picture } from './picture.ts'

/** JPEG (ITU-T T.81): a row of segments, each with a marker and a length, and after the first scan nothing but
 *  scans and tables to the end. A phone writes into APP1 (Exif, XMP) where and by whom the picture was taken, and
 *  behind the end more pictures with more of that. Kept is what is needed to show the first; of all the Exif only
 *  how the picture has to be turned. */

const startOfImage = Buffer.from([0xff, 0xd8])
const endOfImage = 0xd9
const startOfScan = 0xda
const app1 = 0xe1
/** APP0 (JFIF), APP2 (the colour profile) and APP14 (Adobe's colours). */
const appsKept: ReadonlySet<number> = new Set([0xe0, 0xe2, 0xee])
const comment = 0xfe
const notFrames: ReadonlySet<number> = new Set([0xc4, 0xc8, 0xcc])
const exifHead = Buffer.from('Exif\0\0', 'latin1')
const profileHead = Buffer.from('ICC_PROFILE\0', 'latin1')
const orientationTag = 0x0112

interface Segment {
  marker: number
  /** From its marker on. */
  bytes: Buffer
  /** What it says. */
  body: Buffer
}

export function isJpeg(bytes: Buffer): boolean {
  return bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))
}

/** Undefined where the picture is broken or does not end. A `RangeError` where it ends inside a segment. */
export function readJpeg(bytes: Buffer): Picture | undefined {
  const segments: Segment[] = []
  let at = startOfImage.length
  for (;;) {
    const segment = segmentAt(bytes, at)
    if (!segment) return undefined
    if (segment.marker === startOfScan) break
    segments.push(segment)
    at += segment.bytes.length
  }
  const end = endOf(bytes, at)
  const frame = segments.find(({ marker }) => isFrame(marker))
  if (end === undefined || !frame) return undefined
  const turn = orientationOf(segments)
  const kept = segments.filter(isKept).map((segment) => segment.bytes)
  const [height, width] = [frame.body.readUInt16BE(1), frame.body.readUInt16BE(3)]
  const isOnItsSide = turn >= 5
  return {
    media: 'image/jpeg',
    bytes: Buffer.concat([
      startOfImage,
      ...(turn > 1 ? [turned(turn)] : []),
      ...kept,
      bytes.subarray(at, end),
    ]),
    widthPx: isOnItsSide ? height : width,
    heightPx: isOnItsSide ? width : height,
  }
}

function segmentAt(bytes: Buffer, at: number): Segment | undefined {
  if (bytes.readUInt8(at) !== 0xff) return undefined
  const marker = bytes.readUInt8(at + 1)
  const length = bytes.readUInt16BE(at + 2)
  if (length < 2) return undefined
  const end = at + 2 + length
  if (end > bytes.length) return undefined
  return { marker, bytes: bytes.subarray(at, end), body: bytes.subarray(at + 4, end) }
}

/** Behind the end-of-image marker. Inside a scan 0xff is followed by 0 or by a restart marker. */
function endOf(bytes: Buffer, scanAt: number): number | undefined {
  for (let at = bytes.indexOf(0xff, scanAt); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] === endOfImage) return at + 2
    if (isSegment(bytes[at + 1])) at += 1 + bytes.readUInt16BE(at + 2)
  }
  return undefined
}

function isSegment(marker = 0): boolean {
  return marker >= 0xc0 && marker < 0xff && !(marker >= 0xd0 && marker <= 0xd9)
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && !notFrames.has(marker)
}

function isKept({ marker, body }: Segment): boolean {
  if (marker === comment) return false
  if (marker < 0xe0 || marker > 0xef) return true
  const isOtherPictures = marker === 0xe2 && !body.subarray(0, profileHead.length).equals(profileHead)
  return appsKept.has(marker) && !isOtherPictures
}

/** 1 (as it lies) to 8, as Exif counts them. */
function orientationOf(segments: readonly Segment[]): number {
  const exif = segments.find(
    ({ marker, body }) => marker === app1 && body.subarray(0, exifHead.length).equals(exifHead),
  )
  const tiff = exif?.body.subarray(exifHead.length)
  if (!tiff || tiff.length < 14) return 1
  const isLittle = tiff.toString('latin1', 0, 2) === 'II'
  const short = (at: number) => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
  const directory = isLittle ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4)
  for (let entry = 0; entry < short(directory); entry++) {
    const at = directory + 2 + 12 * entry
    if (short(at) === orientationTag) return short(at + 8) <= 8 ? short(at + 8) : 1
  }
  return 1
}

/** An Exif segment that says one thing. */
function turned(orientation: number): Buffer {
  const tiff = `4d4d002a00000008 0001 0112 0003 00000001 000${orientation}0000 00000000`.replaceAll(' ', '')
  const body = Buffer.concat([exifHead, Buffer.from(tiff, 'hex')])
  const head = Buffer.alloc(4)
  head.writeUInt16BE(0xff00 + app1, 0)
  head.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([head, body])
}
