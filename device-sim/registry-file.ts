import {
  chargerDevice,
  controllerNode,
  entranceDevice,
  flatMeterDevice,
  flatMeterNode,
  gatewayDevice,
  gatewayNode,
  mainMeterDevice,
  mainMeterNode,
  mainValveNode,
  portName,
  portNode,
  portNumbers,
  riserNode,
  roomDevice,
  roomNode,
  stationDevice,
  stationNode,
  type Building,
  type Estate,
  type Fleet,
  type Shed,
} from './fleet.ts'
import { demoFleet } from './fleets/demo.ts'

/** A fleet in the public registry-import format (`estate-registry/1`), as any installer would write it. */

const mainMeterQ3Lph = 25_000
const flatMeterQ3Lph = 2_500

interface Entries {
  nodes: readonly Readonly<Record<string, unknown>>[]
  devices: readonly Readonly<Record<string, unknown>>[]
}

/** Plain JSON for `registry import`. */
export function registryFile(fleet: Fleet) {
  const entries = fleet.estates.map((estate) => {
    const parts = [
      heatingOf(estate),
      ...estate.buildings.map((building) => buildingOf(estate, building)),
      ...estate.sheds.map((shed) => shedOf(estate, shed)),
    ]
    return join(parts)
  })
  return {
    format: 'estate-registry/1',
    district: fleet.district,
    sites: fleet.estates.map(({ id, name, generated }) => ({ id, name, ...(generated && { generated }) })),
    ...join(entries),
  }
}

/** The file's text, a line for each thing that stands there: to be read and compared by people, and half as
 *  long as one with a line for each field. */
export function registryText(fleet: Fleet): string {
  const { format, district, sites, nodes, devices } = registryFile(fleet)
  const list = (things: readonly object[]) =>
    `[\n${things.map((thing) => JSON.stringify(thing)).join(',\n')}\n]`
  const head = `"format":${JSON.stringify(format)},\n"district":${JSON.stringify(district)}`
  return `{${head},\n"sites":${list(sites)},\n"nodes":${list(nodes)},\n"devices":${list(devices)}}\n`
}

function join(parts: readonly Entries[]): Entries {
  return { nodes: parts.flatMap(({ nodes }) => nodes), devices: parts.flatMap(({ devices }) => devices) }
}

/** The station and its branches: every branch of the main has one valve that shuts it off. */
function heatingOf(estate: Estate): Entries {
  const site = estate.id
  const station = {
    id: stationNode(estate),
    type: 'heat-station',
    site,
    name: { zh: `${estate.name.zh}换热站`, en: `${estate.name.en} heat station` },
    topRadiatorM: estate.topRadiatorM,
    distanceM: 0,
  }
  const branches = Array.from({ length: branchOf(estate, estate.buildings.length - 1) }, (_, index) => {
    const number = index + 1
    const served = estate.buildings.filter((_, at) => branchOf(estate, at) === number)
    const [first, last] = [served[0]?.number, served.at(-1)?.number]
    const valve = `${site}-valve${number}`
    return [
      {
        id: branchNode(estate, number),
        type: 'pipe-section',
        site,
        name: {
          zh: `${number}号支线（${first}–${last}号楼）`,
          en: `Branch ${number} (buildings ${first}–${last})`,
        },
        hydraulic: stationNode(estate),
        valves: [valve],
      },
      {
        id: valve,
        type: 'valve',
        site,
        name: { zh: `${number}号支线关断阀`, en: `Shut-off valve of branch ${number}` },
      },
    ]
  })
  const device = { id: stationDevice(estate), kind: 'heat-station', site, node: stationNode(estate) }
  return { nodes: [station, ...branches.flat()], devices: [device] }
}

/** Number of the branch that feeds the building at `index`, from 1. */
function branchOf(estate: Estate, index: number): number {
  return Math.floor(index / estate.buildingsPerBranch) + 1
}

function branchNode(estate: Estate, number: number): string {
  return `${estate.id}-pipe${number}`
}

/** A house: its heating entrance, its water meter, the gateway in its cellar and the flats behind it. */
function buildingOf(estate: Estate, building: Building): Entries {
  const site = estate.id
  const { id, number, meteredFlats, thermometerFlats } = building
  const name = { zh: `${number}号楼`, en: `Building ${number}` }
  const house = {
    id,
    type: 'building',
    site,
    name,
    hydraulic: branchNode(estate, branchOf(estate, estate.buildings.indexOf(building))),
    households: building.households - thermometerFlats.length,
    topRadiatorM: estate.topRadiatorM,
    distanceM: building.distanceM,
  }
  const mainMeter = {
    id: mainMeterNode(building),
    type: 'meter',
    site,
    name: { zh: `${name.zh}总水表`, en: `${name.en}, main water meter` },
    inside: id,
    households: building.households - meteredFlats.length,
    q3Lph: mainMeterQ3Lph,
    valves: [mainValveNode(building)],
  }
  const mainValve = {
    id: mainValveNode(building),
    type: 'valve',
    site,
    name: { zh: `${name.zh}入户总水阀`, en: `${name.en}, water entrance valve` },
    inside: id,
  }
  const gateway = {
    id: gatewayNode(building),
    type: 'gateway',
    site,
    name: { zh: `${name.zh}网关`, en: `${name.en}, gateway` },
    inside: id,
  }
  const devices = [
    { id: entranceDevice(building), kind: 'heat-entrance', site, node: id },
    { id: mainMeterDevice(building), kind: 'water-meter', site, node: mainMeterNode(building) },
    { id: gatewayDevice(building), kind: 'gateway', site, node: gatewayNode(building) },
  ]
  const flats = meteredFlats.map((flat) => flatOf(site, building, flat))
  return join([{ nodes: [house, mainMeter, mainValve, gateway], devices }, roomsOf(site, building), ...flats])
}

/** The flats of one riser that have a thermometer, and the riser. */
function roomsOf(site: string, building: Building): Entries {
  const { id, number, thermometerFlats } = building
  if (thermometerFlats.length === 0) return { nodes: [], devices: [] }
  const riser = {
    id: riserNode(building),
    type: 'pipe-section',
    site,
    name: { zh: `${number}号楼立管`, en: `Building ${number}, riser` },
    inside: id,
    hydraulic: id,
  }
  const rooms = thermometerFlats.map((flat) => ({
    id: roomNode(building, flat),
    type: 'room',
    site,
    name: { zh: `${number}号楼${flat}室`, en: `Building ${number}, flat ${flat}` },
    inside: id,
    hydraulic: riser.id,
    households: 1,
  }))
  const devices = thermometerFlats.map((flat) => ({
    id: roomDevice(building, flat),
    kind: 'room-sensor',
    site,
    node: roomNode(building, flat),
    comms: gatewayDevice(building),
  }))
  return { nodes: [riser, ...rooms], devices }
}

function flatOf(site: string, building: Building, flat: string): Entries {
  const node = {
    id: flatMeterNode(building, flat),
    type: 'meter',
    site,
    name: {
      zh: `${building.number}号楼${flat}室水表`,
      en: `Building ${building.number}, flat ${flat}, water meter`,
    },
    inside: building.id,
    hydraulic: mainMeterNode(building),
    households: 1,
    q3Lph: flatMeterQ3Lph,
  }
  const device = { id: flatMeterDevice(building, flat), kind: 'water-meter', site, node: node.id }
  return { nodes: [node], devices: [{ ...device, comms: gatewayDevice(building) }] }
}

function shedOf(estate: Estate, shed: Shed): Entries {
  const site = estate.id
  const name = { zh: `${shed.number}号充电棚`, en: `Charging shed ${shed.number}` }
  const nodes = [
    { id: shed.id, type: 'shed', site, name },
    {
      id: controllerNode(shed),
      type: 'controller',
      site,
      name: { zh: `${name.zh}控制器`, en: `${name.en}, controller` },
      inside: shed.id,
      electrical: shed.id,
    },
    ...portNumbers(shed).map((port) => ({
      id: portNode(shed, port),
      type: 'port',
      site,
      name: { zh: `${name.zh}${port}号口`, en: `${name.en}, port ${port}` },
      inside: shed.id,
      electrical: controllerNode(shed),
    })),
  ]
  const ports = Object.fromEntries(portNumbers(shed).map((port) => [portName(port), portNode(shed, port)]))
  const device = { id: chargerDevice(shed), kind: 'charger', site, node: controllerNode(shed), ports }
  return { nodes, devices: [device] }
}

/** The demo fleet's file, for a program that imports it itself. */
export function demoRegistry() {
  return registryFile(demoFleet())
}
