/** Too many alarms for anybody to read: ten within ten minutes for each operator begin a flood, and it is over when
 *  fewer than five have come in the last ten (EEMUA 191; the end is good practice, domain.md C). While it lasts screens
 *  show incidents instead of alarms, and what is not urgent waits. */
export interface FloodWatch {
  /** When the alarms of the last ten minutes came up, epoch ms, ascending; the newest `recentLimit` of them. */
  recentMs: readonly number[]
  /** Since when there is a flood; null when there is none. */
  sinceMs: number | null
}

const windowMs = 10 * 60_000
const beginsAt = 10
const endsBelow = 5
const recentLimit = 1_000

export const noFlood: FloodWatch = { recentMs: [], sinceMs: null }

/** The same a little later, with the alarms that came up meanwhile. */
export function watchFlood(
  was: FloodWatch,
  cameUpMs: readonly number[],
  nowMs: number,
  operators = 1,
): FloodWatch {
  const recentMs = [...was.recentMs, ...cameUpMs]
    .filter((atMs) => atMs > nowMs - windowMs)
    .slice(-recentLimit)
  if (was.sinceMs !== null)
    return { recentMs, sinceMs: recentMs.length < endsBelow * operators ? null : was.sinceMs }
  return { recentMs, sinceMs: recentMs.length >= beginsAt * operators ? nowMs : null }
}
