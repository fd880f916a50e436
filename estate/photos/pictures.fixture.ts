/** Real pictures, 16 x 12 pixels, as Chromium's canvas writes them, and a HEIC file of boxes around no picture. */
export const jpeg = Buffer.from(
  [
    '/9j/4AAQSkZJRgABAQAAAQABAAD/4gHYSUNDX1BST0ZJTEUAAQEAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAA',
    'AABhY3NwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAA',
    'ABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAAABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAA',
    'AAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAA',
    'AAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAPKnAAANWQAAE9AAAApbAAAAAAAA',
    'AABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADb/2wBDABALDA4M',
    'ChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8a',
    'Gi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAAMABADASIAAhEB',
    'AxEB/8QAFQABAQAAAAAAAAAAAAAAAAAABgX/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAABAX/',
    'xAAaEQABBQEAAAAAAAAAAAAAAAAABAVBQoHB/9oADAMBAAIRAxEAPwCKMkwyKmkvPVN4f//Z',
  ].join(''),
  'base64',
)

export const png = Buffer.from(
  [
    'iVBORw0KGgoAAAANSUhEUgAAABAAAAAMCAYAAABr5z2BAAAAKElEQVR4AeyQsQkAAAzCgv//bD+oq4OCUyBDZPB3whR4xBPA',
    'GjQ0OAAAAP//wuwHmwAAAAZJREFUAwC1sRAJa0zrFAAAAABJRU5ErkJggg==',
  ].join(''),
  'base64',
)

export const webp = Buffer.from(
  [
    'UklGRjACAABXRUJQVlA4WAoAAAAwAAAADwAACwAASUNDUMgBAAAAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAA',
    'AABhY3NwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAA',
    'ABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAAABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAA',
    'AAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAA',
    'AAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAPKnAAANWQAAE9AAAApbAAAAAAAA',
    'AABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADZBTFBIEgAAAAEP',
    'MP8REUIsmMxfujeEiP5HLlZQOCAoAAAAcAEAnQEqEAAMAALATCWgAnQBQAAA/vLB//vT2P4F/Kb/7Zc//1gAAA==',
  ].join(''),
  'base64',
)

function box(name: string, ...content: readonly Buffer[]): Buffer {
  const head = Buffer.from(`\0\0\0\0${name}`, 'latin1')
  head.writeUInt32BE(8 + content.reduce((sum, { length }) => sum + length, 0))
  return Buffer.concat([head, ...content])
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** Two items: 1 is the picture, 2 is Exif; `secret` is what the Exif says. */
export function heic(secret: string): Buffer {
  const exif = Buffer.from(`\0\0\0\0Exif\0\0${secret}`, 'latin1')
  const brands = box('ftyp', Buffer.from('heic\0\0\0\0mif1heic', 'latin1'))
  const item = (id: string, type: string) =>
    box('infe', hex(`02000000 ${id} 0000`), Buffer.from(`${type}\0`, 'latin1'))
  const info = box('iinf', hex('00000000 0002'), item('0001', 'hvc1'), item('0002', 'Exif'))
  const sizes = box('iprp', box('ipco', box('ispe', hex('00000000 00000fc0 00000bd0'))))
  const metaOf = (pictureAt: number) => {
    const place = (id: string, at: number, length: number) =>
      hex(`${id} 0000 0001 ${word(at)} ${word(length)}`)
    const places = box(
      'iloc',
      hex('00000000 4400 0002'),
      place('0001', pictureAt, 8),
      place('0002', pictureAt + 8, exif.length),
    )
    return box('meta', hex('00000000'), info, places, sizes)
  }
  const before = brands.length + metaOf(0).length + 8
  return Buffer.concat([brands, metaOf(before), box('mdat', Buffer.from('HEVCDATA'), exif)])
}

function word(number: number): string {
  return number.toString(16).padStart(8, '0')
}
