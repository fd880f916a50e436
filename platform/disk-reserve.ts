import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Room kept on the disk for the hour when there is none. On a full disk SQLite can neither delete nor
 *  checkpoint, so what would make room cannot happen; the file is given up then, and made again when there is
 *  room. It has real blocks: a file with holes would reserve nothing. */

const blockBytes = 256 * 1024

export class DiskReserve {
  readonly #file: string
  readonly #bytes: number

  constructor(file: string, bytes: number) {
    this.#file = file
    this.#bytes = bytes
  }

  /** True when it is there now. It is not made where that would leave less than as much again. */
  make(): boolean {
    if (existsSync(this.#file) && statSync(this.#file).size === this.#bytes) return true
    this.release()
    const { bavail, bsize } = statfsSync(dirname(this.#file))
    if (bavail * bsize < 2 * this.#bytes) return false
    try {
      this.#write()
      return true
    } catch (cause) {
      this.release()
      if (isDiskFull(cause)) return false
      throw cause
    }
  }

  release(): void {
    rmSync(this.#file, { force: true })
  }

  #write(): void {
    const opened = openSync(this.#file, 'w')
    try {
      const block = Buffer.alloc(blockBytes, 1)
      for (let written = 0; written < this.#bytes;)
        written += writeSync(opened, block, 0, Math.min(blockBytes, this.#bytes - written))
      fsyncSync(opened)
    } finally {
      closeSync(opened)
    }
  }
}

const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE'])

/** Whether an error, of the file system or of SQLite, says that the disk is full. */
export function isDiskFull(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && fullCodes.has(String(cause.code))
}
