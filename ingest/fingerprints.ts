import type { Reading } from '../firmware-contracts/message.ts'

/** Two devices with one identity: whoever copied a firmware together with its id sends the same (boot, seq)
 *  with another content. So of the last identities of each device a fingerprint of the content is kept, and a
 *  duplicate is compared with it.
 *
 *  Six bytes an identity, grown as needed, and a bound over all devices. It lives in memory only: after a
 *  restart a clone is recognised by the identities that came since. */

/** Identities remembered per device. */
export const printsPerDevice = 1_024
const printsAtFirst = 16

/** What all devices together may remember: 2^25 identities are 200 MB, 1,024 each for 32,000 devices or 335
 *  each for 100,000. At the bound rings no longer grow. */
export class PrintBudget {
  #left: number

  constructor(identities = 2 ** 25) {
    this.#left = identities
  }

  take(identities: number): boolean {
    if (identities > this.#left) return false
    this.#left -= identities
    return true
  }

  get left(): number {
    return this.#left
  }
}

export class Fingerprints {
  readonly #budget: PrintBudget
  /** Identity and print, in order of arrival, overwritten in a circle. */
  #identities = new Uint32Array(0)
  #prints = new Uint16Array(0)
  #next = 0

  constructor(budget: PrintBudget) {
    this.#budget = budget
  }

  keep(reading: Reading): void {
    if (this.#next >= this.#identities.length && !this.#grow()) {
      this.#next = 0
      if (this.#identities.length === 0) return
    }
    this.#identities[this.#next] = identityOf(reading)
    this.#prints[this.#next] = printOf(reading)
    this.#next++
  }

  /** True when this identity was here with another content. */
  differs(reading: Reading): boolean {
    const at = this.#identities.indexOf(identityOf(reading))
    return at >= 0 && this.#prints[at] !== printOf(reading)
  }

  #grow(): boolean {
    const was = this.#identities.length
    const size = Math.max(printsAtFirst, Math.min(printsPerDevice, was * 2))
    if (size === was || !this.#budget.take(size - was)) return false
    const [identities, prints] = [this.#identities, this.#prints]
    this.#identities = new Uint32Array(size)
    this.#prints = new Uint16Array(size)
    this.#identities.set(identities)
    this.#prints.set(prints)
    return true
  }
}

const golden = 0x9e37_79b1

/** 32 bits for (boot, seq), different for all numbers of one boot; 0 stands for an empty place. */
function identityOf({ boot, seq }: Reading): number {
  return ((seq ^ Math.imul(boot + 1, golden)) >>> 0) + 1
}

/** 16 bits of what was sampled and when, whatever the order of its keys or the message it came in. */
function printOf({ t, port, values }: Reading): number {
  let sum = mixed(t, t / 2 ** 32) ^ (port === undefined ? 0 : wordHash(port))
  for (const name in values) {
    const value = values[name] ?? 0
    sum = (sum + mixed(wordHash(name), typeof value === 'number' ? value : wordHash(value))) | 0
  }
  return (sum ^ (sum >>> 16)) & 0xffff
}

function mixed(a: number, b: number): number {
  const once = Math.imul(a ^ Math.imul(b, golden), 0x85eb_ca6b)
  return Math.imul(once ^ (once >>> 13), 0xc2b2_ae35)
}

/** Hashes of the contract's words: few and always the same. */
const hashes = new Map<string, number>()
const hashesLimit = 10_000

function wordHash(word: string): number {
  const known = hashes.get(word)
  if (known !== undefined) return known
  let hash = 0
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), golden)
  if (hashes.size < hashesLimit) hashes.set(word, hash)
  return hash
}
