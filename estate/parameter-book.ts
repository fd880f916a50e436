import { z } from 'zod'
import type { Records, RecordsTransaction } from './records.ts'

/** Every version of every site's parameters, and of the district's (`*`): who changed what, when and why. A version
 *  is written once and never touched again; what is in force is the newest of each site. What the numbers mean is
 *  not known here: who judges by them parses them. */
const differences = z.array(
  z.object({ field: z.string(), was: z.json().exactOptional(), is: z.json().exactOptional() }),
)

export const parameterVersion = z.object({
  site: z.string(),
  /** 1, 2, 3 … of each site; 0 stands for the defaults that nobody has changed. */
  version: z.int().min(1),
  /** What differs from the layer below. */
  overrides: z.record(z.string(), z.json()),
  /** Each parameter that changed; without `was` or `is` it was, or is, as in the layer below. */
  changes: differences,
  who: z.string(),
  why: z.string(),
  atMs: z.number(),
  /** The version whose overrides these are again. */
  reverts: z.int().exactOptional(),
})
export type ParameterVersion = z.infer<typeof parameterVersion>

export class ParameterBook {
  readonly #records: Records

  constructor(records: Records) {
    this.#records = records
  }

  /** Site -> its newest version. */
  async newest(
    records: Records | RecordsTransaction = this.#records,
  ): Promise<Map<string, ParameterVersion>> {
    const rows = await records
      .selectFrom('parameter_version as each')
      .innerJoin(
        records
          .selectFrom('parameter_version')
          .select((of) => ['site', of.fn.max('version').as('version')])
          .groupBy('site')
          .as('newest'),
        (join) => join.onRef('newest.site', '=', 'each.site').onRef('newest.version', '=', 'each.version'),
      )
      .select('each.body')
      .execute()
    return new Map(rows.map(({ body }) => parsed(body)).map((version) => [version.site, version]))
  }

  /** Every version of every site, of each site the oldest first: as many as people have made changes. */
  async all(): Promise<ParameterVersion[]> {
    const rows = await this.#records
      .selectFrom('parameter_version')
      .select('body')
      .orderBy('site')
      .orderBy('version')
      .execute()
    return rows.map(({ body }) => parsed(body))
  }

  /** The newest first, below `before`. */
  async versions(
    site: string,
    { limit, before }: { limit: number; before?: number },
  ): Promise<ParameterVersion[]> {
    const rows = await this.#records
      .selectFrom('parameter_version')
      .select('body')
      .where('site', '=', site)
      .where('version', '<', before ?? Number.MAX_SAFE_INTEGER)
      .orderBy('version', 'desc')
      .limit(limit)
      .execute()
    return rows.map(({ body }) => parsed(body))
  }

  async version(
    trx: RecordsTransaction,
    site: string,
    version: number,
  ): Promise<ParameterVersion | undefined> {
    const row = await trx
      .selectFrom('parameter_version')
      .select('body')
      .where('site', '=', site)
      .where('version', '=', version)
      .executeTakeFirst()
    return row && parsed(row.body)
  }

  /** Throws where the site has this version already: versions are not written over. */
  async append(trx: RecordsTransaction, next: ParameterVersion): Promise<void> {
    const { site, version } = next
    await trx
      .insertInto('parameter_version')
      .values({ site, version, body: JSON.stringify(next) })
      .execute()
  }

  transaction<Result>(work: (trx: RecordsTransaction) => Promise<Result>): Promise<Result> {
    return this.#records.transaction().execute(work)
  }
}

function parsed(body: string): ParameterVersion {
  return parameterVersion.parse(JSON.parse(body))
}
