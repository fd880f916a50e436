import { damagedPublisher, type IntakeExtent, type IntakeReader } from '../platform/intake-message.ts'
import { hasConcern, lineOf, type Concern, type DeviceLine, type LedgerLine } from './ledger.ts'
import type { IngestMemory } from './memory.ts'
import type { IndexedConcern } from './outcome-books.ts'
import type { PendingCount } from './pending.ts'

/** The ledger's lines of single devices, drawn up a few at a time.
 *
 *  The broker goes on accepting and history goes on dealing meanwhile, so the lines that are drawn up together are of
 *  one instant: the broker's counts and the end of the log in one read transaction, and, in the same turn of this
 *  process, the outcomes at the cursor and the messages between cursor and end. A line is right at every instant or
 *  it is wrong; so no snapshot has to be held open from one piece to the next, which would keep SQLite from taking
 *  up its write-ahead log. */

/** Names looked at for one page: of those with a concern, most may be on an earlier page for a worse one. */
const namesAPage = 2_000
/** As the pages have them by default: who has a concern that does not pass by itself comes first. */
const chapters = ['out', 'cloned', 'quarantined', 'missing', 'rest'] as const
type Chapter = Concern | 'rest'

export interface PageWish {
  /** Only those with this concern. */
  concern?: Concern
  /** Only devices with this in their names. */
  part: string
  /** `next` of the page before. */
  after: string
  limit: number
}

export interface LedgerPage {
  devices: readonly DeviceLine[]
  /** There are more. */
  next?: string
}

export interface DrawnUp {
  lines: readonly DeviceLine[]
  /** Messages that wait and were not counted for their devices yet: then `difference` says nothing. */
  uncounted: number
}

interface LinesParts {
  reader: IntakeReader
  memory: IngestMemory
  pending: PendingCount
}

export class DeviceLines {
  readonly #parts: LinesParts

  constructor(parts: LinesParts) {
    this.#parts = parts
  }

  /** Up to `limit` devices that are in anybody's books, above `after`. */
  namesAfter(after: string, limit: number, part = ''): string[] {
    const { reader, memory } = this.#parts
    const known = memory.books.search({ after, part, limit })
    const names = new Set([...reader.devicesAfter({ after, part, limit }), ...known])
    return [...names].sort().slice(0, limit)
  }

  of(devices: readonly string[]): DrawnUp {
    const { reader, memory, pending } = this.#parts
    const { counts, ...extent } = reader.books(devices)
    memory.countFor(extent.origin)
    this.countOn(extent)
    const dealt = memory.books.of(devices)
    const waiting = pending.waiting(extent)
    const line = (device: string): DeviceLine => ({
      device,
      ...lineOf({
        count: counts.get(device),
        dealt: dealt.get(device),
        pending: waiting.devices.get(device) ?? 0,
      }),
    })
    return { lines: devices.map(line), uncounted: waiting.uncounted }
  }

  /** What a damaged log can no longer read is not of any device. */
  ofDamaged(): LedgerLine {
    const [line] = this.of([damagedPublisher]).lines
    return line ?? lineOf({ count: undefined, dealt: undefined, pending: 0 })
  }

  /** `out`: devices that are known to be out. */
  page({ concern, part, after, limit }: PageWish, out: ReadonlyMap<string, number>): LedgerPage {
    const walk: readonly Chapter[] = concern === undefined ? chapters : [concern]
    const from = placeIn(walk, after)
    let left = namesAPage
    let { name } = from
    const devices: DeviceLine[] = []
    for (const chapter of walk.slice(from.chapter)) {
      const belongs = (line: DeviceLine) =>
        concern === undefined ? chapterOf(line, out) === chapter : hasConcern[concern](line)
      while (left > 0) {
        const wanted = Math.min(left, limit + 1)
        const names = this.#namesIn(chapter, { after: name, part, limit: wanted }, out)
        for (const line of this.of(names.filter((each) => each !== damagedPublisher)).lines) {
          if (!belongs(line)) continue
          if (devices.length === limit) return { devices, next: `${chapter}/${name}` }
          devices.push(line)
          name = line.device
        }
        name = names.at(-1) ?? name
        left -= names.length
        if (names.length < wanted) break
      }
      if (left <= 0) return { devices, next: `${chapter}/${name}` }
      name = ''
    }
    return { devices }
  }

  #namesIn(
    chapter: Chapter,
    search: { after: string; part: string; limit: number },
    out: ReadonlyMap<string, number>,
  ): string[] {
    const { after, part, limit } = search
    const { memory, pending } = this.#parts
    const among = (names: Iterable<string>) =>
      [...names]
        .filter((name) => name > after && name.includes(part))
        .sort()
        .slice(0, limit)
    switch (chapter) {
      case 'out':
        return among(out.keys())
      case 'pending':
        // A long queue has nearly everybody in it, a short one hardly anybody.
        if (pending.devices.size > namesAPage) return this.namesAfter(after, limit, part)
        return among(pending.devices.keys())
      case 'rest':
        return this.namesAfter(after, limit, part)
      case 'cloned':
      case 'quarantined':
      case 'missing':
        return memory.books.search(search, chapter)
    }
  }

  /** The last few; a long queue stays uncounted here and is counted in slices by who may wait. */
  countOn({ origin, end }: IntakeExtent): void {
    this.#parts.pending.countOn(Math.max(this.#parts.memory.cursor(), origin), end)
  }
}

const indexed: readonly IndexedConcern[] = ['cloned', 'quarantined', 'missing']

function chapterOf(line: DeviceLine, out: ReadonlyMap<string, number>): Chapter {
  if (out.has(line.device)) return 'out'
  return indexed.find((concern) => hasConcern[concern](line)) ?? 'rest'
}

/** Where a page begins; a cursor that is no cursor of this walk begins anew. */
function placeIn(walk: readonly Chapter[], after: string): { chapter: number; name: string } {
  const slash = after.indexOf('/')
  const chapter = walk.findIndex((each) => each === after.slice(0, Math.max(0, slash)))
  return chapter < 0 ? { chapter: 0, name: '' } : { chapter, name: after.slice(slash + 1) }
}
