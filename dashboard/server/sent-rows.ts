import { isDeepStrictEqual } from 'node:util'

/** The rows of a room as its viewers have them. Everybody in a room has the same, so a joiner is given these
 *  and not newer ones: the news come to him with the next delta, as to all others. */
export class SentRows<Row extends { id: string }> {
  readonly #rows = new Map<string, Row>()

  /** Those of `rows` that differ from what was last sent; from now on they count as sent. */
  take(rows: readonly Row[]): Row[] {
    const changed = rows.filter((row) => !isDeepStrictEqual(this.#rows.get(row.id), row))
    for (const row of changed) this.#rows.set(row.id, row)
    return changed
  }

  replace(rows: readonly Row[]): void {
    this.#rows.clear()
    for (const row of rows) this.#rows.set(row.id, row)
  }

  drop(id: string): void {
    this.#rows.delete(id)
  }

  all(): readonly Row[] {
    return [...this.#rows.values()]
  }
}
