import { z } from 'zod'
import type { BilingualText, Registry, RegistryContent } from './registry.ts'
import { deviceSchema, districtSchema, nodeSchema } from './registry-file.ts'
import { buildRegistry } from './registry-index.ts'
import { portions, type Records, type RecordsTransaction } from './records.ts'

/** The registry in the records database. An import replaces the sites it contains, and nothing else. */

const siteBody = z.object({
  id: z.string(),
  name: z.object({ zh: z.string(), en: z.string() }),
  generated: z.boolean().exactOptional(),
})

export interface ImportCounts {
  sites: number
  nodes: number
  devices: number
}

export async function saveRegistry(trx: RecordsTransaction, content: RegistryContent): Promise<ImportCounts> {
  const sites = content.sites.map(({ id }) => id)
  for (const part of portions(sites)) {
    await trx.deleteFrom('node').where('site', 'in', part).execute()
    await trx.deleteFrom('device').where('site', 'in', part).execute()
    await trx.deleteFrom('site').where('id', 'in', part).execute()
  }
  for (const part of portions(content.sites)) {
    await trx
      .insertInto('site')
      .values(part.map((site) => ({ id: site.id, body: JSON.stringify(site) })))
      .execute()
  }
  for (const part of portions(content.nodes)) {
    const rows = part.map((node) => ({ id: node.id, site: node.site, body: JSON.stringify(node) }))
    await trx.insertInto('node').values(rows).execute()
  }
  for (const part of portions(content.devices)) {
    const rows = part.map((device) => {
      const { id, site, kind, comms = null } = device
      return { id, site, kind, comms, body: JSON.stringify(device) }
    })
    await trx.insertInto('device').values(rows).execute()
  }
  const district = JSON.stringify(content.district)
  await trx
    .insertInto('registry')
    .values({ only: 1, version: 1, district })
    .onConflict((conflict) =>
      conflict.column('only').doUpdateSet((was) => ({ version: was('registry.version', '+', 1), district })),
    )
    .execute()
  return { sites: content.sites.length, nodes: content.nodes.length, devices: content.devices.length }
}

/** Counts up with every import; 0 before the first. */
export async function registryVersion(records: Records): Promise<number> {
  const row = await records.selectFrom('registry').select('version').executeTakeFirst()
  return row?.version ?? 0
}

const nameless: BilingualText = { zh: '未命名', en: 'unnamed' }

export async function loadRegistry(records: Records): Promise<Registry> {
  const { district } = (await records.selectFrom('registry').select('district').executeTakeFirst()) ?? {}
  const bodies = async (table: 'site' | 'node' | 'device') =>
    (await records.selectFrom(table).select('body').orderBy('id').execute()).map(({ body }): unknown =>
      JSON.parse(body),
    )
  return buildRegistry({
    district:
      district === undefined
        ? { id: 'district', name: nameless }
        : districtSchema.parse(JSON.parse(district)),
    sites: z.array(siteBody).parse(await bodies('site')),
    nodes: z.array(nodeSchema).parse(await bodies('node')),
    devices: z.array(deviceSchema).parse(await bodies('device')),
  })
}
