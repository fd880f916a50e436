/** Text that grows as bytes, for what is made of few words and many numbers. A string of the same text has to be put
 *  together and then turned into bytes, which takes twice the processor time.
 *
 *  Letters and digits go in four at a time. The last four of a piece may say more than it has; what they say too
 *  much is overwritten by the next piece, or lies beyond the end. */
export interface Phrase {
  fours: Int32Array
  length: number
}

export class TextDraft {
  #bytes = Buffer.allocUnsafeSlow(64 * 1_024)
  #view = viewOf(this.#bytes)
  #length = 0

  /** An empty page, on the memory of the one before: fresh memory costs the system as much as the text costs us. */
  begin(): void {
    this.#length = 0
  }

  add(phrase: Phrase): void {
    const { fours, length } = phrase
    const start = this.#take(length)
    const view = this.#view
    for (let nth = 0; nth < fours.length; nth++) view.setInt32(start + nth * 4, fours[nth] ?? 0, true)
  }

  /** As JavaScript writes it. */
  addNumber(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) this.add(phraseOf(String(value)))
    else this.#addDigits(value)
  }

  /** What stands there, until the next `begin`. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #addDigits(value: number): void {
    if (value < 10_000) {
      const count = value < 10 ? 1 : value < 100 ? 2 : value < 1_000 ? 3 : 4
      this.#put(count, (fourDigits[value] ?? 0) >>> (8 * (4 - count)))
    } else {
      const tenThousands = Math.floor(value / 10_000)
      this.#addDigits(tenThousands)
      this.#put(4, fourDigits[value - tenThousands * 10_000] ?? 0)
    }
  }

  #put(length: number, four: number): void {
    const start = this.#take(length)
    this.#view.setInt32(start, four, true)
  }

  /** Where the next `length` bytes begin; there is room for four more. */
  #take(length: number): number {
    const start = this.#length
    this.#length += length
    if (this.#length + 4 > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(this.#length * 2 + 4)
      grown.set(this.#bytes.subarray(0, start))
      this.#bytes = grown
      this.#view = viewOf(grown)
    }
    return start
  }
}

export function phraseOf(text: string): Phrase {
  const bytes = Buffer.from(text)
  const fours = new Int32Array(Math.ceil(bytes.length / 4))
  new Uint8Array(fours.buffer).set(bytes)
  const view = viewOf(fours)
  return { fours: fours.map((_, nth) => view.getInt32(nth * 4, true)), length: bytes.length }
}

/** 0 … 9,999 with zeros before it. */
const fourDigits = Int32Array.from({ length: 10_000 }, (_, value) => {
  const [digits = 0] = phraseOf(String(value).padStart(4, '0')).fours
  return digits
})

function viewOf({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}
