import type { DeviceLine, LedgerWish } from './book-rest.ts'

/** What the ledger shows of a device, and which page of the devices it shows. The server keeps the order: whoever has
 *  a concern first, then by name; a district's devices are too many to have here. */

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

export function worstConcern(line: DeviceLine): Concern | undefined {
  return concerns.find((concern) => hasConcern[concern](line))
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

/** Where somebody is in the list: what is looked for, and the cursors of the pages up to this one. */
export interface Place {
  /** Part of a device's name. */
  name: string
  concern: Concern | undefined
  cursors: readonly string[]
}

export const firstPage: Place = { name: '', concern: undefined, cursors: [] }

export function wishFor({ name, concern, cursors }: Place): LedgerWish {
  const after = cursors.at(-1)
  return {
    ...(name !== '' && { device: name }),
    ...(concern !== undefined && { concern }),
    ...(after !== undefined && { after }),
  }
}

export function pageAfter(place: Place, next: string): Place {
  return { ...place, cursors: [...place.cursors, next] }
}

export function pageBefore(place: Place): Place {
  return { ...place, cursors: place.cursors.slice(0, -1) }
}
