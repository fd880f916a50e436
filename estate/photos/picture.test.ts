import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { heic, jpeg, png, webp } from './pictures.fixture.ts'
import { photoBytesLimit, readPicture, type Picture } from './picture.ts'

const secret = 'GPS 37.87N 113.57E'

function kept(bytes: Buffer): Picture {
  const read = readPicture(bytes)
  if (!read.ok) throw new Error(read.reason)
  return read.picture
}

/** Exif of a phone held upright: how to turn it, and where it was. */
function exifOf(orientation: number): Buffer {
  const tiff = Buffer.from(
    `4d4d002a000000080001011200030000000100${orientation.toString(16).padStart(2, '0')}000000000000`,
    'hex',
  )
  return Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff, Buffer.from(secret)])
}

function segment(marker: number, body: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([head, body])
}

const phoneJpeg = Buffer.concat([
  jpeg.subarray(0, 2),
  segment(0xe1, exifOf(6)),
  segment(0xe1, Buffer.from(`http://ns.adobe.com/xap/1.0/\0${secret}`)),
  segment(0xe2, Buffer.from(`MPF\0${secret}`)),
  segment(0xfe, Buffer.from(secret)),
  jpeg.subarray(2),
  Buffer.concat([jpeg, Buffer.from(secret)]),
])

function pngChunk(name: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), body])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(body.length)
  check.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, check])
}

const talkingPng = Buffer.concat([
  png.subarray(0, 33),
  pngChunk('tEXt', Buffer.from(`Comment\0${secret}`)),
  pngChunk('eXIf', exifOf(1)),
  png.subarray(33),
  Buffer.from(secret),
])

/** With the flag for Exif set in VP8X, and the chunk at the end. */
const talkingWebp = (() => {
  const exif = exifOf(1)
  const head = Buffer.from('EXIF\0\0\0\0', 'latin1')
  head.writeUInt32LE(exif.length, 4)
  const bytes = Buffer.concat([webp, head, exif, Buffer.alloc(exif.length % 2)])
  bytes.writeUInt32LE(bytes.length - 8, 4)
  bytes.writeUInt8(bytes.readUInt8(20) | 0x08, 20)
  return bytes
})()

describe('a picture is what its bytes say, whatever it is called', () => {
  test.each([
    ['image/jpeg', jpeg, 16, 12],
    ['image/png', png, 16, 12],
    ['image/webp', webp, 16, 12],
    ['image/heic', heic(secret), 4032, 3024],
  ] as const)('%s', (media, bytes, widthPx, heightPx) => {
    expect(kept(bytes)).toMatchObject({ media, widthPx, heightPx })
    expect(kept(kept(bytes).bytes), 'what was kept is kept as it is').toEqual(kept(bytes))
  })

  test.each([
    ['a web page', Buffer.from('<!doctype html><script>alert(1)</script>')],
    ['a drawing that may carry a script', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['a GIF', Buffer.from('GIF89a\x10\0\x0c\0\0\0\0;', 'latin1')],
    ['nothing', Buffer.alloc(0)],
  ])('%s is no picture', (_what, bytes) => {
    expect(readPicture(bytes)).toEqual({ ok: false, reason: 'expected a JPEG, PNG, WebP or HEIC picture' })
  })
})

describe('where and with what it was taken is left out', () => {
  test.each([
    ['JPEG: Exif, XMP, comments, and the pictures behind the picture', phoneJpeg],
    ['PNG: texts, Exif, and what stands behind the end', talkingPng],
    ['WebP: Exif', talkingWebp],
    ['HEIC: Exif, blanked where it lies', heic(secret)],
  ])('%s', (_what, bytes) => {
    expect(bytes.includes(secret)).toBe(true)
    expect(kept(bytes).bytes.includes(secret)).toBe(false)
  })

  test('a JPEG is still turned as the phone was held, and has the size it is shown in', () => {
    const { bytes, widthPx, heightPx } = kept(phoneJpeg)
    expect({ widthPx, heightPx }).toEqual({ widthPx: 12, heightPx: 16 })
    expect(bytes.includes(exifOf(6).subarray(0, 32))).toBe(true)
    expect(bytes.length, 'one segment of 36 bytes more than the bare picture').toBe(
      kept(jpeg).bytes.length + 36,
    )
  })

  test('of PNG and WebP the picture itself stays, byte for byte', () => {
    expect(kept(talkingPng).bytes).toEqual(png)
    expect(kept(talkingWebp).bytes).toEqual(webp)
  })
})

describe('what is broken or too large is refused', () => {
  test.each([
    ['JPEG', jpeg],
    ['PNG', png],
    ['WebP', webp],
    ['HEIC', heic(secret)],
  ])('a %s that ends too early, wherever that is', (_format, whole) => {
    for (let length = 0; length < whole.length; length++)
      expect(readPicture(whole.subarray(0, length)).ok, `${length} bytes`).toBe(false)
  })

  test('more than 8 MiB', () => {
    const bytes = Buffer.concat([png, Buffer.alloc(photoBytesLimit)])
    expect(readPicture(bytes)).toEqual({ ok: false, reason: 'expected at most 8 MiB' })
  })

  test('more pixels than a browser shows', () => {
    const wide = Buffer.from(png)
    wide.writeUInt32BE(20_000, 16)
    expect(readPicture(wide)).toMatchObject({ reason: expect.stringContaining('got 20000 x 12') })
  })

  test('whatever bytes are crooked, the answer is yes or no, and soon', () => {
    const pictures = fc.constantFrom(phoneJpeg, talkingPng, talkingWebp, heic(secret))
    const crooked = fc.array(fc.tuple(fc.nat(2_000), fc.nat(255)), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(pictures, crooked, (picture, changes) => {
        const bytes = Buffer.from(picture)
        for (const [at, byte] of changes) bytes.writeUInt8(byte, at % bytes.length)
        expect(readPicture(bytes)).toHaveProperty('ok')
      }),
      { numRuns: 2_000 },
    )
  })
})
