import type { Clock } from '../platform/clock.ts'
import type { IngestMemory } from './memory.ts'
import type { Kept, QuarantineItem, QuarantineSelection } from './quarantine.ts'
import type { QuarantineReplays, ReplayResult } from './quarantine-replay.ts'

/** The quarantine as people handle it, whether by the API or on the command line. */

/** Raw messages shown of a group, the newest. */
const rawsShown = 20
/** How long somebody who asked for a replay waits for its result; then he is told how far it is. */
const replayLimitMs = 30_000
const busy = 'a replay is under way; ask again when it is done'

export interface RawMessage {
  position: number
  receivedMs: number
  publisher: string
  topic: string
  will: boolean
  bytes: number
  /** Null where it is not UTF-8. */
  text: string | null
  hex: string
}

export type Done<Result> = { ok: true; result: Result } | { ok: false; reason: string }

export interface QuarantineDeskParts {
  memory: IngestMemory
  replays: QuarantineReplays
  /** Of history: nothing can be replayed while it takes nothing. */
  health: () => { ok: boolean; detail: string }
  clock: Clock
}

export class QuarantineDesk {
  readonly #parts: QuarantineDeskParts

  constructor(parts: QuarantineDeskParts) {
    this.#parts = parts
  }

  /** Groups, the most recent first, and how full the quarantine is. */
  list(selection: QuarantineSelection, limit: number) {
    const { quarantine } = this.#parts.memory
    return { items: quarantine.list(selection, limit), fullness: quarantine.fullness() }
  }

  /** A group with its newest raw messages. Undefined when there is none. */
  show(id: number): { item: QuarantineItem; raws: readonly RawMessage[] } | undefined {
    const { quarantine } = this.#parts.memory
    const [item] = quarantine.list({ id }, 1)
    return item && { item, raws: quarantine.raws(id, rawsShown).map(rawMessage) }
  }

  /** Judges again what fits the selection. What is asked for is done even when nobody waits for it any more. */
  async replay(selection: QuarantineSelection): Promise<Done<ReplayResult>> {
    const { replays, health, clock } = this.#parts
    const { ok, detail } = health()
    if (!ok) return { ok: false, reason: `history takes nothing now: ${detail}` }
    const asked = replays.ask(selection)
    if (!asked) return { ok: false, reason: 'too many replays wait already' }
    const late = Promise.withResolvers<void>()
    const cancel = clock.after(replayLimitMs, late.resolve)
    await Promise.race([asked.done, late.promise])
    cancel()
    return { ok: true, result: { ...asked.result } }
  }

  /** Forgets a group and its raw messages; in the ledger they stay quarantined. */
  discard(id: number): Done<{ discarded: boolean }> {
    const { memory, replays } = this.#parts
    if (replays.isUnderWay()) return { ok: false, reason: busy }
    return { ok: true, result: { discarded: memory.discard(id) } }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function rawMessage({ position, receivedMs, publisher, topic, will, payload }: Kept): RawMessage {
  const bytes = payload.byteLength
  return { position, receivedMs, publisher, topic, will, bytes, text: textOf(payload), hex: hexOf(payload) }
}

function textOf(payload: Uint8Array): string | null {
  try {
    return utf8.decode(payload)
  } catch (cause) {
    if (cause instanceof TypeError) return null
    throw cause
  }
}

function hexOf(payload: Uint8Array): string {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('hex')
}
