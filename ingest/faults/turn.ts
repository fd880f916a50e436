import { z } from 'zod'
import { kinds, type Reading } from '../../firmware-contracts/message.ts'
import { clockSources, qualityLetters } from '../../firmware-contracts/words.ts'

/** A device's samples in the order it numbered them: like a queue with tickets. Whoever has the next ticket goes
 *  through at once; who comes behind a missing one waits for it, but not for long, and then the missing one has
 *  had its turn. So the rules see a straggler in its place instead of ignoring it, and without a gap nothing
 *  waits at all.
 *
 *  A device that stores its samples and uploads them later takes numbers for what it has not yet sent: its
 *  numbers say nothing about what is missing, and nobody waits. */

/** Waiting samples per device; beyond it the missing one has had its turn. */
const waitingLimit = 64
const turnOver = 2 ** 32

const reading = z.object({
  site: z.string(),
  kind: z.enum(kinds),
  device: z.string(),
  port: z.string().exactOptional(),
  class: z.enum(['tele', 'state', 'event', 'batch', 'hist']),
  contract: z.string(),
  boot: z.number(),
  seq: z.number(),
  t: z.number(),
  clock: z.enum(clockSources),
  values: z.record(z.string(), z.union([z.number(), z.string()])),
  quality: z.record(z.string(), z.enum(qualityLetters)),
})

/** Something numbered: a sample, or (a birth, an answer, back-fill) nothing to judge. */
const ticket = z.object({
  boot: z.number(),
  seq: z.number(),
  receivedMs: z.number(),
  reading: reading.exactOptional(),
})
export type Ticket = Readonly<Omit<z.infer<typeof ticket>, 'reading'>> & { reading?: Reading }

export const turn = z.object({
  /** The latest that went through; boot -1 before the first. */
  boot: z.number(),
  seq: z.number(),
  /** False for a device that uploads what it has stored. */
  waits: z.boolean(),
  /** Behind a missing one, in the order of their numbers. */
  waiting: z.array(ticket),
})
export type Turn = Omit<z.infer<typeof turn>, 'waiting'> & { waiting: Ticket[] }

export function firstTurn(waits: boolean): Turn {
  return { boot: -1, seq: 0, waits, waiting: [] }
}

/** True, and taken, when it is simply the next one: nearly always. */
export function isNext(at: Turn, boot: number, seq: number): boolean {
  if (boot !== at.boot || at.waiting.length > 0 || seq !== (at.seq + 1) % turnOver) return false
  at.seq = seq
  return true
}

/** What goes through now that `come` is there, in order. */
export function inTurn(at: Turn, come: Ticket): Ticket[] {
  if (!at.waits || come.boot < at.boot) return [come]
  if (come.boot > at.boot) {
    const before = everybody(at)
    at.boot = come.boot
    at.seq = come.seq
    return [...before, come]
  }
  const ahead = (come.seq - at.seq) | 0
  if (ahead <= 0) return [come]
  if (ahead > 1) {
    line(at, come)
    return at.waiting.length > waitingLimit ? skipTo(at) : []
  }
  at.seq = come.seq
  return [come, ...following(at)]
}

/** Who has waited since `sinceMs` or longer goes through, with all that follows without a gap. */
export function overdue(at: Turn, sinceMs: number): Ticket[] {
  const through: Ticket[] = []
  while (at.waiting.some(({ receivedMs }) => receivedMs <= sinceMs)) through.push(...skipTo(at))
  return through
}

/** Nobody waits any longer. */
export function everybody(at: Turn): Ticket[] {
  const last = at.waiting.at(-1)
  if (last) at.seq = last.seq
  return at.waiting.splice(0)
}

function line(at: Turn, come: Ticket): void {
  const behind = at.waiting.findIndex(({ seq }) => ((seq - come.seq) | 0) >= 0)
  if (behind < 0) at.waiting.push(come)
  else if (at.waiting[behind]?.seq !== come.seq) at.waiting.splice(behind, 0, come)
}

/** The missing ones before the first that waits have had their turn. */
function skipTo(at: Turn): Ticket[] {
  const first = at.waiting.shift()
  if (!first) return []
  at.seq = first.seq
  return [first, ...following(at)]
}

function following(at: Turn): Ticket[] {
  let count = 0
  for (const { seq } of at.waiting) {
    if (seq !== (at.seq + 1) % turnOver) break
    at.seq = seq
    count++
  }
  return at.waiting.splice(0, count)
}
