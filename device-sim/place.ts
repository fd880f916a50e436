import {
  chargerDevice,
  entranceDevice,
  flatMeterDevice,
  flatMeterNode,
  gatewayDevice,
  gatewayNode,
  mainMeterDevice,
  mainMeterNode,
  portNode,
  portNumbers,
  riserNode,
  roomDevice,
  roomNode,
  stationDevice,
  stationNode,
  type Building,
  type Estate,
} from './fleet.ts'

/** Where on an estate something is. Numbers are indices: into the estate's buildings or sheds, into a
 *  building's metered flats or its thermometers, into a shed's ports. `device` is the one that measures there. */
export type Place =
  | { at: 'site' }
  | { at: 'station'; device: string }
  | { at: 'building'; building: number; device: string }
  | { at: 'main-meter'; building: number; device: string }
  | { at: 'gateway'; building: number; device: string }
  | { at: 'flat'; building: number; flat: number; device: string }
  | { at: 'riser'; building: number }
  | { at: 'room'; building: number; room: number; device: string }
  | { at: 'shed'; shed: number; device: string }
  | { at: 'port'; shed: number; port: number; device: string }

export type PlaceKind = Place['at']

/** The place with this node id of the registry file, or of the device with this id; undefined when the
 *  estate has neither. */
export function placeOf(estate: Estate, id: string): Place | undefined {
  if (id === estate.id) return { at: 'site' }
  const station = stationDevice(estate)
  if (id === stationNode(estate) || id === station) return { at: 'station', device: station }
  return placeInBuildings(estate, id) ?? placeInSheds(estate, id)
}

function placeInBuildings(estate: Estate, id: string): Place | undefined {
  const building = estate.buildings.findIndex((house) => id === house.id || id.startsWith(`${house.id}-`))
  const house = estate.buildings[building]
  if (!house) return undefined
  const entrance = entranceDevice(house)
  if (id === house.id || id === entrance) return { at: 'building', building, device: entrance }
  const main = mainMeterDevice(house)
  if (id === mainMeterNode(house) || id === main) return { at: 'main-meter', building, device: main }
  const gateway = gatewayDevice(house)
  if (id === gatewayNode(house) || id === gateway) return { at: 'gateway', building, device: gateway }
  const flat = house.meteredFlats.findIndex(
    (name) => id === flatMeterNode(house, name) || id === flatMeterDevice(house, name),
  )
  const name = house.meteredFlats[flat]
  if (name !== undefined) return { at: 'flat', building, flat, device: flatMeterDevice(house, name) }
  return roomIn(house, building, id)
}

function roomIn(house: Building, building: number, id: string): Place | undefined {
  if (id === riserNode(house) && house.thermometerFlats.length > 0) return { at: 'riser', building }
  const room = house.thermometerFlats.findIndex(
    (name) => id === roomNode(house, name) || id === roomDevice(house, name),
  )
  const name = house.thermometerFlats[room]
  return name === undefined ? undefined : { at: 'room', building, room, device: roomDevice(house, name) }
}

function placeInSheds(estate: Estate, id: string): Place | undefined {
  for (const [shed, place] of estate.sheds.entries()) {
    const device = chargerDevice(place)
    if (id === place.id || id === device) return { at: 'shed', shed, device }
    const port = portNumbers(place).findIndex((number) => id === portNode(place, number))
    if (port >= 0) return { at: 'port', shed, port, device }
  }
  return undefined
}
