import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import type { NoteResult, OrderBook } from '../order-book.ts'
import { noteRefusal, type OrderNote, type PhotoMedia } from '../order-notes.ts'
import { readPicture } from './picture.ts'

/** The photos of the orders, in a folder beside the records database, each under the SHA-256 of its bytes: no name
 *  comes from outside, the same picture is kept once, and one that has changed is known to have.
 *
 *  First the file is on the disk, then its event is written; so an event never lacks its file, and a crash in
 *  between leaves a file nobody knows of. It is swept at the next start, when nobody is sending any. */
const endings: Record<PhotoMedia, string> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/heic': 'heic',
}

export type PhotoResult = NoteResult | { ok: false; wrong: string }

export class PhotoAlbum {
  readonly #folder: string
  readonly #orders: OrderBook
  readonly #clock: Clock

  constructor({ folder, orders, clock }: { folder: string; orders: OrderBook; clock: Clock }) {
    this.#folder = folder
    this.#orders = orders
    this.#clock = clock
  }

  /** To be called before photos come. Returns how many files without an event were swept. */
  async start(): Promise<number> {
    await mkdir(this.#folder, { recursive: true })
    const known = await this.#orders.photoIds()
    const files = await readdir(this.#folder)
    const loose = files.filter((file) => !known.has(file.split('.')[0] ?? ''))
    for (const file of loose) await rm(join(this.#folder, file))
    return loose.length
  }

  /** Keeps a picture with an order. `wrong` says why the bytes are no picture to keep, `reason` why this order
   *  takes none; undefined for an order that does not exist. */
  async add(order: string, bytes: Buffer, who: string): Promise<PhotoResult | undefined> {
    const known = await this.#orders.get(order)
    if (!known) return undefined
    const read = readPicture(bytes)
    if (!read.ok) return { ok: false, wrong: read.reason }
    const { bytes: kept, ...picture } = read.picture
    const id = createHash('sha256').update(kept).digest('hex')
    const photo = { id, bytes: kept.length, ...picture }
    const note: OrderNote = { type: 'photographed', atMs: this.#clock.now(), who, photo }
    const reason = noteRefusal(known, note)
    if (reason !== undefined) return { ok: false, reason }
    await this.#keep(this.fileOf(photo), kept)
    return this.#orders.note(order, note)
  }

  /** An absolute path. */
  fileOf({ id, media }: { id: string; media: PhotoMedia }): string {
    return resolve(this.#folder, `${id}.${endings[media]}`)
  }

  /** On the disk, whole, or not there at all. */
  async #keep(file: string, bytes: Buffer): Promise<void> {
    const draft = join(this.#folder, `draft-${randomUUID()}`)
    try {
      const written = await open(draft, 'wx')
      try {
        await written.writeFile(bytes)
        await written.sync()
      } finally {
        await written.close()
      }
      await rename(draft, file)
    } catch (cause) {
      await rm(draft, { force: true })
      throw cause
    }
    const folder = await open(this.#folder, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  }
}
