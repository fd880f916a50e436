import type { Kind } from '../firmware-contracts/message.ts'

/** What stands where and what hangs on what: the district as three trees.
 *
 *  A *node* is a place or a thing (a building, a shed, a port, a valve); a *device* is what speaks MQTT for
 *  a node. Water and heat flow along the hydraulic tree, power along the electrical one, and messages along
 *  the comms tree, whose members are devices and whose root is the site. */

export interface BilingualText {
  zh: string
  en: string
}

export const nodeTypes = [
  'building',
  'heat-station',
  'pipe-section',
  'valve',
  'shed',
  'controller',
  'port',
  'meter',
  'gateway',
  'room',
] as const
export type NodeType = (typeof nodeTypes)[number]

export type Tree = 'hydraulic' | 'electrical' | 'comms'

export interface Site {
  id: string
  name: BilingualText
  /** True where the name was made up because no source gives one. */
  generated?: boolean
}

export interface RegistryNode {
  id: string
  type: NodeType
  site: string
  name: BilingualText
  /** Containing node: the building of a flat's meter, the shed of a controller. */
  inside?: string
  /** Upstream neighbour in the hydraulic tree: station > pipe section > building; building meter > flat meter. */
  hydraulic?: string
  /** Upstream neighbour in the electrical tree: shed > controller > port. */
  electrical?: string
  /** Households served by this node itself (not by its children). */
  households?: number
  /** Height of the highest radiator above the pressure gauge, m: the geometry bands derive from it. */
  topRadiatorM?: number
  /** Permanent flow rate Q3 of a water meter, L/h. */
  q3Lph?: number
  /** Distance along the loop from the station, m; orders the buildings of a loop drawing. */
  distanceM?: number
  /** The valve nodes that shut this place off, and with it all that hangs below it in the hydraulic tree: those
   *  of a pipe section, the entrance valve of a house's water main. */
  valves?: readonly string[]
}

export interface RegistryDevice {
  id: string
  kind: Kind
  site: string
  /** The node it measures. */
  node: string
  /** The gateway device that publishes for it; absent = it connects by itself. */
  comms?: string
  /** Port name in the topic (`p03`) -> node id of the port. */
  ports?: Readonly<Record<string, string>>
}

export interface RegistryContent {
  district: { id: string; name: BilingualText }
  sites: readonly Site[]
  nodes: readonly RegistryNode[]
  devices: readonly RegistryDevice[]
}

/** Look-ups over one loaded registry. Immutable: an import makes a new one. */
export interface Registry extends RegistryContent {
  site(id: string): Site | undefined
  node(id: string): RegistryNode | undefined
  device(id: string): RegistryDevice | undefined
  nodesOf(site: string, type?: NodeType): readonly RegistryNode[]
  devicesOf(site: string, kind?: Kind): readonly RegistryDevice[]
  /** The devices that measure this node; a charger measures its ports, too. */
  devicesAt(node: string): readonly RegistryDevice[]
  /** Node a reading belongs to: the port's node for a charger port, else the device's. */
  nodeOf(device: string, port?: string): string | undefined
  /** Upstream neighbour; in the comms tree ids are devices and the last parent is the site. */
  parent(tree: Tree, id: string): string | undefined
  children(tree: Tree, id: string): readonly string[]
  /** Nearest first. */
  ancestors(tree: Tree, id: string): readonly string[]
  descendants(tree: Tree, id: string): readonly string[]
  /** Households of this node and of everything below it in the tree. */
  householdsBelow(tree: Tree, id: string): number
}
