import type { Kind, Message, Reading } from '../../firmware-contracts/message.ts'
import { buildRegistry } from '../../estate/registry-index.ts'
import type { RegistryContent, RegistryDevice, RegistryNode } from '../../estate/registry.ts'
import type { IncidentChange } from './changes.ts'
import { FaultEngine } from './engine.ts'
import { parametersFrom } from './parameters.ts'

/** For tests only: an estate of one heat station, four branches and twenty houses of six storeys, each with a
 *  main water meter, a gateway and two flats behind it, and three sheds; and what its devices would say. */

export const minute = 60_000
/** 07:00:00 in Asia/Shanghai, a winter morning. */
export const morning = Date.UTC(2025, 10, 18, 23, 0, 0)

const site = 'hengkang'
const two = (number: number) => String(number).padStart(2, '0')
export const houses: readonly string[] = Array.from(
  { length: 20 },
  (_, index) => `${site}-b${two(index + 1)}`,
)
const sheds = [1, 2, 3].map((number) => `${site}-shed${number}`)
export const entranceOf = (house: string) => `${house}-heat`

const named = (zh: string, en: string) => ({ zh, en })

function houseNodes(house: string, index: number): RegistryNode[] {
  const name = named(`${index + 1}号楼`, `Building ${index + 1}`)
  const hydraulic = `${site}-pipe${Math.floor(index / 5) + 1}`
  const flats = ['101', '102'].map((flat) => ({
    id: `${house}-f${flat}`,
    type: 'meter' as const,
    site,
    name,
    inside: house,
    hydraulic: `${house}-main`,
    households: 1,
    q3Lph: 2_500,
  }))
  return [
    { id: house, type: 'building', site, name, hydraulic, households: 60, topRadiatorM: 18 },
    { id: `${house}-main`, type: 'meter', site, name, inside: house, households: 58, q3Lph: 25_000 },
    { id: `${house}-gateway`, type: 'gateway', site, name, inside: house },
    ...flats,
  ]
}

function shedNodes(shed: string): RegistryNode[] {
  const ports = [1, 2, 3].map((port) => ({
    id: `${shed}-p${two(port)}`,
    type: 'port' as const,
    site,
    name: named(`${port}号口`, `Port ${port}`),
    inside: shed,
    electrical: `${shed}-ctl`,
  }))
  const name = named('充电棚', 'Charging shed')
  return [
    { id: shed, type: 'shed', site, name },
    { id: `${shed}-ctl`, type: 'controller', site, name, inside: shed, electrical: shed },
    ...ports,
  ]
}

function houseDevices(house: string): RegistryDevice[] {
  const gateway = `${house}-gw`
  return [
    { id: entranceOf(house), kind: 'heat-entrance', site, node: house },
    { id: `${house}-water`, kind: 'water-meter', site, node: `${house}-main` },
    { id: gateway, kind: 'gateway', site, node: `${house}-gateway` },
    ...['101', '102'].map((flat) => ({
      id: `${house}-f${flat}-water`,
      kind: 'water-meter' as const,
      site,
      node: `${house}-f${flat}`,
      comms: gateway,
    })),
  ]
}

function shedDevice(shed: string): RegistryDevice {
  const ports = Object.fromEntries([1, 2, 3].map((port) => [`p${two(port)}`, `${shed}-p${two(port)}`]))
  return { id: `${shed}-charger`, kind: 'charger', site, node: `${shed}-ctl`, ports }
}

export const twentyHouses: RegistryContent = {
  district: { id: 'kuangqu', name: named('矿区', 'Mining District') },
  sites: [{ id: site, name: named('恒康家园', 'Hengkang Homes') }],
  nodes: [
    {
      id: `${site}-station`,
      type: 'heat-station',
      site,
      name: named('恒康家园换热站', 'Hengkang Homes heat station'),
    },
    ...[1, 2, 3, 4].map((number) => ({
      id: `${site}-pipe${number}`,
      type: 'pipe-section' as const,
      site,
      name: named(`${number}号支线`, `Branch ${number}`),
      hydraulic: `${site}-station`,
    })),
    ...houses.flatMap(houseNodes),
    ...sheds.flatMap(shedNodes),
  ],
  devices: [
    { id: `${site}-station-heat`, kind: 'heat-station', site, node: `${site}-station` },
    ...houses.flatMap(houseDevices),
    ...sheds.map(shedDevice),
  ],
}

/** The numbers of these devices have gaps, and their samples do not wait for what fills them, unless told to. */
export function newEngine(content: RegistryContent = twentyHouses, gapWaitMs = 0): FaultEngine {
  return newEngineWith({ arrival: { gapWaitMs } }, content)
}

/** Nobody waits hours for a single line to mend itself. */
const impatient = { stationAloneMs: 0, houseAloneMs: 0, otherAloneMs: 0 }

/** With parameters of the estate's own; nothing waits for a gap, nor for a line, unless they say so. */
export function newEngineWith(own: Record<string, unknown>, content = twentyHouses): FaultEngine {
  const parameters = parametersFrom({ [site]: { arrival: { gapWaitMs: 0 }, D01: impatient, ...own } })
  return new FaultEngine({ registry: buildRegistry(content), parameters, timeZone: 'Asia/Shanghai' })
}

// ---- what devices say ----

/** A message on its way: `atMs` is when the server receives it. */
export type Event =
  | { type: 'reading'; atMs: number; reading: Reading }
  | { type: 'connection'; atMs: number; message: Extract<Message, { type: 'connection' }> }
  | { type: 'tick'; atMs: number }

export interface Said {
  device: string
  atMs: number
  values: Reading['values']
  port?: string
  class?: Reading['class']
  quality?: Reading['quality']
  seq?: number
}

const kindsById = new Map(twentyHouses.devices.map(({ id, kind }) => [id, kind]))

/** A reading sampled at `atMs` and received 300 ms later; its sequence number follows from the time. */
export function says({ device, atMs, values, port, class: kind = 'tele', quality = {}, seq }: Said): Event {
  const speaker: Kind = kindsById.get(device) ?? 'gateway'
  const reading: Reading = {
    site,
    kind: speaker,
    device,
    class: kind,
    contract: `${speaker}/1.0`,
    boot: 1,
    seq: seq ?? Math.round((atMs - morning) / 100),
    t: atMs,
    clock: 'n',
    values,
    quality,
    ...(port !== undefined && { port }),
  }
  return { type: 'reading', atMs: atMs + 300, reading }
}

export function connects(device: string, atMs: number, state: 'ready' | 'lost' | 'bye' = 'ready'): Event {
  const address = { site, kind: kindsById.get(device) ?? 'gateway', device, class: 'conn' } as const
  return { type: 'connection', atMs, message: { type: 'connection', address, state, boot: 1, t: atMs } }
}

export const ticks = (fromMs: number, toMs: number, everyMs = 5_000): Event[] =>
  Array.from({ length: Math.floor((toMs - fromMs) / everyMs) }, (_, index) => ({
    type: 'tick',
    atMs: fromMs + (index + 1) * everyMs,
  }))

export const inOrder = (events: readonly Event[]) => [...events].sort((a, b) => a.atMs - b.atMs)

export function tell(engine: FaultEngine, event: Event): readonly IncidentChange[] {
  switch (event.type) {
    case 'reading':
      return engine.observe(event.reading, event.atMs)
    case 'connection':
      return engine.connection(event.message, event.atMs)
    case 'tick':
      return engine.tick(event.atMs)
  }
}

export const tellAll = (engine: FaultEngine, events: readonly Event[]) =>
  events.flatMap((event) => [...tell(engine, event)])

export const opened = (changes: readonly IncidentChange[]) =>
  changes.flatMap((change) => (change.type === 'opened' ? [change.report] : []))

/** The last that was said of each incident. */
export function latest(changes: readonly IncidentChange[]) {
  const reports = new Map(
    changes.flatMap((change) =>
      change.type === 'opened' || change.type === 'updated' ? [[change.report.key, change.report]] : [],
    ),
  )
  for (const change of changes) if (change.type === 'merged') reports.delete(change.from)
  return [...reports.values()]
}
