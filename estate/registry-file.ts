import { z } from 'zod'
import { isId } from '../firmware-contracts/topics.ts'
import { kinds } from '../firmware-contracts/message.ts'
import { OperatorError } from '../platform/operator-error.ts'
import { nodeTypes, type RegistryContent, type Tree } from './registry.ts'
import { parentsOf } from './registry-index.ts'

/** The public import format `estate-registry/1`: what stands where, as JSON. A file is taken whole or not at
 *  all, and every mistake in it is listed with its place. */

/** Mistakes listed; a file with more has a problem of its own. */
const mistakesShown = 100

const id = z.string().refine(isId, 'expected 1 to 64 of a-z, 0-9 and -')
const text = z.object({ zh: z.string().min(1).max(200), en: z.string().min(1).max(200) })

const siteSchema = z.strictObject({ id, name: text, generated: z.boolean().exactOptional() })
export const nodeSchema = z.strictObject({
  id,
  type: z.enum(nodeTypes),
  site: id,
  name: text,
  inside: id.exactOptional(),
  hydraulic: id.exactOptional(),
  electrical: id.exactOptional(),
  households: z.int().min(0).max(100_000).exactOptional(),
  topRadiatorM: z.number().min(0).max(300).exactOptional(),
  q3Lph: z.int().min(1).max(10_000_000).exactOptional(),
  distanceM: z.number().min(0).max(100_000).exactOptional(),
  valves: z.array(id).exactOptional(),
})
export const deviceSchema = z.strictObject({
  id,
  kind: z.enum(kinds),
  site: id,
  node: id,
  comms: id.exactOptional(),
  ports: z.record(z.string().regex(/^p(0[1-9]|1[0-2])$/, 'expected p01 to p12'), id).exactOptional(),
})
export const districtSchema = z.strictObject({ id, name: text })

const fileSchema = z.strictObject({
  format: z.literal('estate-registry/1'),
  district: districtSchema,
  sites: z.array(siteSchema).min(1),
  nodes: z.array(nodeSchema),
  devices: z.array(deviceSchema),
})

/** Throws an `OperatorError` with every mistake. */
export function parseRegistryFile(json: unknown): RegistryContent {
  const parsed = fileSchema.safeParse(json)
  if (!parsed.success) {
    throw mistakesIn(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`))
  }
  const { format: _format, ...content } = parsed.data
  const mistakes = [...repeatedIds(content), ...looseEnds(content), ...circles(content)]
  if (mistakes.length > 0) throw mistakesIn(mistakes)
  return content
}

function mistakesIn(mistakes: readonly string[]): OperatorError {
  const more = mistakes.length - mistakesShown
  const shown = mistakes.slice(0, mistakesShown)
  return new OperatorError('The registry file has mistakes; nothing was imported:', [
    ...shown,
    ...(more > 0 ? [`and ${more} more`] : []),
  ])
}

function repeatedIds({ sites, nodes, devices }: RegistryContent): string[] {
  const repeated = (what: string, items: readonly { id: string }[]) => {
    const seen = new Set<string>()
    return items.flatMap((item, at) => {
      if (!seen.has(item.id)) return (seen.add(item.id), [])
      return [`${what}.${at}.id: ${item.id} is there twice`]
    })
  }
  return [...repeated('sites', sites), ...repeated('nodes', nodes), ...repeated('devices', devices)]
}

/** References that lead nowhere, or into another site. */
function looseEnds({ sites, nodes, devices }: RegistryContent): string[] {
  const siteIds = new Set(sites.map((site) => site.id))
  const siteOfNode = new Map(nodes.map((node) => [node.id, node.site]))
  const gateways = new Map(
    devices.filter(({ kind }) => kind === 'gateway').map((device) => [device.id, device.site]),
  )
  const mistakes: string[] = []
  const check = (
    place: string,
    target: string | undefined,
    site: string,
    known: ReadonlyMap<string, string>,
    what: string,
  ) => {
    if (target === undefined) return
    const found = known.get(target)
    if (found === undefined) mistakes.push(`${place}: there is no ${what} ${target}`)
    else if (found !== site) mistakes.push(`${place}: ${target} belongs to ${found}, not to ${site}`)
  }
  const checkSite = (place: string, site: string) => {
    if (!siteIds.has(site)) mistakes.push(`${place}.site: there is no site ${site}`)
  }
  nodes.forEach((node, at) => {
    checkSite(`nodes.${at}`, node.site)
    for (const field of ['inside', 'hydraulic', 'electrical'] as const) {
      check(`nodes.${at}.${field}`, node[field], node.site, siteOfNode, 'node')
    }
    node.valves?.forEach((valve, index) =>
      check(`nodes.${at}.valves.${index}`, valve, node.site, siteOfNode, 'node'),
    )
  })
  devices.forEach((device, at) => {
    checkSite(`devices.${at}`, device.site)
    check(`devices.${at}.node`, device.node, device.site, siteOfNode, 'node')
    check(`devices.${at}.comms`, device.comms, device.site, gateways, 'gateway')
    for (const [port, node] of Object.entries(device.ports ?? {})) {
      check(`devices.${at}.ports.${port}`, node, device.site, siteOfNode, 'node')
    }
  })
  return mistakes
}

function circles(content: RegistryContent): string[] {
  const parents = parentsOf(content)
  const trees = ['hydraulic', 'electrical', 'comms'] as const satisfies readonly Tree[]
  return trees.flatMap((tree) =>
    circlesIn(parents[tree]).map((node) => `${tree}: ${node} is its own ancestor`),
  )
}

function circlesIn(parents: ReadonlyMap<string, string>): string[] {
  const safe = new Set<string>()
  const found: string[] = []
  for (const start of parents.keys()) {
    const path = new Set<string>()
    let at: string | undefined = start
    while (at !== undefined && !safe.has(at) && !path.has(at)) {
      path.add(at)
      at = parents.get(at)
    }
    if (at !== undefined && path.has(at)) found.push(at)
    for (const visited of path) safe.add(visited)
  }
  return found
}
