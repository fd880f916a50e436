import type { DeviceLine } from './book-rest.ts'

/** Which devices the ledger shows, in which order. */

/** What may be the matter with a device's books, the worst first. */
export const concerns = ['out', 'cloned', 'pending', 'quarantined', 'missing'] as const
export type Concern = (typeof concerns)[number]

const hasConcern: Readonly<Record<Concern, (line: DeviceLine) => boolean>> = {
  out: ({ difference }) => difference !== 0,
  cloned: ({ clones, regresses }) => clones > 0 || regresses > 0,
  pending: ({ pending }) => pending > 0,
  quarantined: ({ quarantined }) => quarantined > 0,
  missing: ({ missing }) => missing > 0,
}

export function concernsOf(line: DeviceLine): readonly Concern[] {
  return concerns.filter((concern) => hasConcern[concern](line))
}

export const columns = [
  'device',
  'accepted',
  'stored',
  'quarantined',
  'duplicate',
  'pending',
  'missing',
  'filled',
  'refused',
] as const
export type Column = (typeof columns)[number]

/** Undefined: those with a concern first. */
export type Order = { by: Column; direction: 'ascending' | 'descending' } | undefined

/** The next order when a column's head is pressed: the larger first (names from a), then turned round, then back
 *  to the concerns. */
export function pressed(order: Order, by: Column): Order {
  const first = by === 'device' ? 'ascending' : 'descending'
  if (order?.by !== by) return { by, direction: first }
  if (order.direction !== first) return undefined
  return { by, direction: first === 'ascending' ? 'descending' : 'ascending' }
}

export interface LedgerWish {
  /** Part of a device's name. */
  name: string
  concern: Concern | undefined
  order: Order
}

export function arrangeLines(
  lines: readonly DeviceLine[],
  { name, concern, order }: LedgerWish,
): readonly DeviceLine[] {
  const wanted = lines.filter(
    (line) => line.device.includes(name) && (concern === undefined || hasConcern[concern](line)),
  )
  const byName = (a: DeviceLine, b: DeviceLine) => (a.device < b.device ? -1 : 1)
  if (order === undefined) {
    const ranked = wanted.map((line) => ({ line, rank: rankOf(line) }))
    return ranked.sort((a, b) => b.rank - a.rank || byName(a.line, b.line)).map(({ line }) => line)
  }
  const { by, direction } = order
  const sign = direction === 'ascending' ? 1 : -1
  if (by === 'device') return wanted.sort((a, b) => sign * byName(a, b))
  return wanted.sort((a, b) => sign * (a[by] - b[by]) || byName(a, b))
}

/** The worst concern counts for more than all after it. */
function rankOf(line: DeviceLine): number {
  return concerns.reduce((rank, concern) => 2 * rank + (hasConcern[concern](line) ? 1 : 0), 0)
}

export function countConcerns(lines: readonly DeviceLine[]): Readonly<Record<Concern, number>> {
  const counts = { out: 0, cloned: 0, pending: 0, quarantined: 0, missing: 0 }
  for (const line of lines) for (const concern of concernsOf(line)) counts[concern]++
  return counts
}
