import type { PortView } from '../../protocol.ts'
import type { ResidentText } from './texts.ts'

/** What a port looks like to a resident. Pure, without a browser: the server's first paint uses it as well, so
 *  that nothing changes its look when the script takes over. */
export const faces = ['free', 'busy', 'reserved', 'closed', 'faulted', 'unknown'] as const
export type Face = (typeof faces)[number]

/** A port that was silent for longer is not shown as if it were known, unless its repair is: a shed that burned says
 *  nothing more. Idle ports report every 5 min. */
export const believedForMs = 15 * 60_000

export interface Sight {
  /** Epoch ms of the server. */
  nowMs: number
  /** The page has had no line to the server for too long. */
  blind: boolean
}

export function faceOf({ availability, order, t }: PortView, { nowMs, blind }: Sight): Face {
  const isRepaired = availability === 'faulted' && order !== undefined
  if (isRepaired && !blind) return 'faulted'
  if (blind || t === undefined || nowMs - t > believedForMs) return 'unknown'
  switch (availability) {
    case 'available':
      return 'free'
    case 'occupied':
      return 'busy'
    case 'unavailable':
      return 'closed'
    case 'reserved':
    case 'faulted':
    case 'unknown':
      return availability
  }
}

/** The word on the tile; while a port is in use its phase says more than "in use". */
export function wordOf({ phase }: PortView, face: Face): ResidentText {
  if (face !== 'busy') return face
  return phaseWords.get(phase) ?? 'inUse'
}

const phaseWords: ReadonlyMap<string, ResidentText> = new Map([
  ['charging', 'charging'],
  ['unplug_check', 'charging'],
  ['topping', 'almostFull'],
  ['finishing', 'full'],
])

/** Four numbers are enough at a glance; every port is in exactly one of them. */
export interface Tally {
  free: number
  inUse: number
  outOfOrder: number
  unknown: number
}

export function tallyOf(ports: readonly PortView[], sight: Sight): Tally {
  const tally: Tally = { free: 0, inUse: 0, outOfOrder: 0, unknown: 0 }
  for (const port of ports) tally[groupOf(faceOf(port, sight))] += 1
  return tally
}

function groupOf(face: Face): keyof Tally {
  switch (face) {
    case 'free':
    case 'unknown':
      return face
    case 'busy':
    case 'reserved':
      return 'inUse'
    case 'closed':
    case 'faulted':
      return 'outOfOrder'
  }
}

/** The face that stands for a count. */
export const tallyFaces: Readonly<Record<keyof Tally, Face>> = {
  free: 'free',
  inUse: 'busy',
  outOfOrder: 'faulted',
  unknown: 'unknown',
}

/** SVG path in a 24 × 24 box. Each face has a shape of its own, for eyes that cannot tell the colours. */
export const shapes: Readonly<Record<Face, string>> = {
  free: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11z',
  busy: 'M13.5 2 5 13.5h5.5L9.5 22 19 9.8h-6z',
  reserved: 'M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19zM10.5 6h3v5.4l3.9 2.4-1.5 2.4-5.4-3.3z',
  closed: 'M3 9.5h18v5H3z',
  faulted: 'M5.6 3 12 9.4 18.4 3 21 5.6 14.6 12l6.4 6.4-2.6 2.6-6.4-6.4L5.6 21 3 18.4 9.4 12 3 5.6z',
  unknown:
    'M12 2.5c-3.7 0-6 2.2-6.3 5.4h3.6c.2-1.4 1.1-2.2 2.6-2.2s2.4.8 2.4 2.1c0 1.1-.5 1.7-1.9 2.6-1.8 1.2-2.4 2.3-2.3 4.4v.6h3.4v-.5c0-1.2.4-1.8 1.9-2.7 1.8-1.1 2.7-2.5 2.7-4.5 0-3.1-2.4-5.2-6.1-5.2zM10 17.5V21h3.6v-3.5z',
}
