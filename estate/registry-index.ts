import type { Kind } from '../firmware-contracts/message.ts'
import type { NodeType, Registry, RegistryContent, RegistryDevice, RegistryNode, Tree } from './registry.ts'

/** Look-ups over a registry's content, each prepared once: a district has 90,000 devices. */
export function buildRegistry(content: RegistryContent): Registry {
  const sites = new Map(content.sites.map((site) => [site.id, site]))
  const nodes = new Map(content.nodes.map((node) => [node.id, node]))
  const devices = new Map(content.devices.map((device) => [device.id, device]))
  const nodesBySite = Map.groupBy(content.nodes, ({ site }) => site)
  const devicesBySite = Map.groupBy(content.devices, ({ site }) => site)
  const measured = content.devices.flatMap((device) => placesOf(device).map((node) => ({ node, device })))
  const devicesByNode = Map.groupBy(measured, ({ node }) => node)
  const parents = parentsOf(content)
  const children = {
    hydraulic: childrenOf(parents.hydraulic),
    electrical: childrenOf(parents.electrical),
    comms: childrenOf(parents.comms),
  }
  const below = (tree: Tree, id: string): string[] =>
    (children[tree].get(id) ?? []).flatMap((child) => [child, ...below(tree, child)])
  const above = (tree: Tree, id: string): string[] => {
    const parent = parents[tree].get(id)
    return parent === undefined ? [] : [parent, ...above(tree, parent)]
  }
  return {
    ...content,
    site: (id) => sites.get(id),
    node: (id) => nodes.get(id),
    device: (id) => devices.get(id),
    nodesOf: (site, type?: NodeType) =>
      ofType(nodesBySite.get(site), (node) => type === undefined || node.type === type),
    devicesOf: (site, kind?: Kind) =>
      ofType(devicesBySite.get(site), (device) => kind === undefined || device.kind === kind),
    devicesAt: (node) => devicesByNode.get(node)?.map(({ device }) => device) ?? [],
    nodeOf: (device, port) =>
      port === undefined ? devices.get(device)?.node : devices.get(device)?.ports?.[port],
    parent: (tree, id) => parents[tree].get(id),
    children: (tree, id) => children[tree].get(id) ?? [],
    ancestors: above,
    descendants: below,
    householdsBelow: (tree, id) =>
      [id, ...below(tree, id)].reduce((sum, each) => sum + (nodes.get(each)?.households ?? 0), 0),
  }
}

/** A charger measures its ports, too. */
function placesOf({ node, ports = {} }: RegistryDevice): string[] {
  return [node, ...Object.values(ports)]
}

function ofType<Item>(items: readonly Item[] | undefined, wanted: (item: Item) => boolean): readonly Item[] {
  return items?.filter(wanted) ?? []
}

/** Child -> parent, for each tree. Above the gateways and the devices that dial by themselves stands the site. */
export function parentsOf(
  content: Pick<RegistryContent, 'nodes' | 'devices'>,
): Record<Tree, Map<string, string>> {
  const nodeParents = (of: (node: RegistryNode) => string | undefined) =>
    new Map(content.nodes.flatMap((node) => pair(node.id, of(node))))
  return {
    hydraulic: nodeParents(({ hydraulic }) => hydraulic),
    electrical: nodeParents(({ electrical }) => electrical),
    comms: new Map(content.devices.map((device: RegistryDevice) => [device.id, device.comms ?? device.site])),
  }
}

function pair(child: string, parent: string | undefined): [string, string][] {
  return parent === undefined ? [] : [[child, parent]]
}

function childrenOf(parents: ReadonlyMap<string, string>): Map<string, string[]> {
  const children = new Map<string, string[]>()
  for (const [child, parent] of parents) {
    const known = children.get(parent)
    if (known) known.push(child)
    else children.set(parent, [child])
  }
  return children
}
