import type { Tally } from './intake-tallies.ts'

/** What the intake log and its writing thread say to each other. Both are this program, in one version, so
 *  nothing is parsed on the way. */
export type IntakeRequest =
  | {
      type: 'append'
      /** 0 when only tallies are to be written. */
      count: number
      body: Uint8Array
      /** Counts of everything up to `talliedTo`; without them it has no meaning. */
      tallies: readonly Tally[]
      talliedTo: number
    }
  | { type: 'cursors'; positions: readonly [consumer: string, position: number][] }
  | { type: 'stop' }

export type IntakeAnswer =
  /** `damage`: what was wrong with the file that was found, and what became of it. */
  | { type: 'opened'; end: number; bytes: number; damage: string | undefined }
  | { type: 'appended'; end: number; bytes: number; seconds: number }
  | { type: 'refused'; reason: string }
  | { type: 'trimmed'; bytes: number }
  /** The disk was full, and has room again. */
  | { type: 'recovered' }
