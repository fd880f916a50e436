/** A meter shaft left open to the frost (domain.md E2): its air follows the weather with a lag of six hours;
 *  after twelve hours below zero the water in it stands as ice, and when that thaws the pipe has burst. */
export interface Shaft {
  /** Homes whose meters hang in it; 'all' is the building's own meter. */
  homes: readonly (number | 'all')[]
  airC: number
  belowZeroMs: number
  /** What comes out where it thaws, L/h; 0: the pipe survives. */
  burstLph: number
  pipe: 'sound' | 'frozen' | 'burst'
}

const lagMs = 6 * 3_600_000
const freezesAfterMs = 12 * 3_600_000
const thawedC = 0.5
const lagged = { warmC: 10, outdoorShare: 0.15 } as const

/** Air in a shaft with its lid on and its lagging whole, °C. */
export function closedShaftC(outdoorC: number): number {
  return lagged.warmC + lagged.outdoorShare * outdoorC
}

/** The shaft `dtMs` later. */
export function stepShaft(was: Shaft, outdoorC: number, dtMs: number): Shaft {
  const airC = was.airC + (outdoorC - was.airC) * (1 - Math.exp(-dtMs / lagMs))
  const belowZeroMs = airC < 0 ? was.belowZeroMs + dtMs : 0
  return { ...was, airC, belowZeroMs, pipe: pipeIn(was, airC, belowZeroMs) }
}

function pipeIn({ pipe, burstLph }: Shaft, airC: number, belowZeroMs: number): Shaft['pipe'] {
  if (pipe === 'sound') return belowZeroMs >= freezesAfterMs ? 'frozen' : 'sound'
  if (pipe === 'frozen' && airC > thawedC) return burstLph > 0 ? 'burst' : 'sound'
  return pipe
}
