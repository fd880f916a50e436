/** What stands in a simulated district: the plan from which the registry file is written and from which the
 *  plant and its devices are built. Ids follow from the plan, so a fleet needs no list of devices. */
export interface Bilingual {
  zh: string
  en: string
}

export interface Fleet {
  name: string
  district: { id: string; name: Bilingual }
  estates: readonly Estate[]
}

export interface Estate {
  id: string
  name: Bilingual
  /** The name was made up, for no source gives one. */
  generated: boolean
  /** Heated floor area, m². */
  floorAreaM2: number
  /** Highest radiator above the station's gauge, m. */
  topRadiatorM: number
  /** In the order of the heating main; a branch feeds `buildingsPerBranch` of them. */
  buildings: readonly Building[]
  buildingsPerBranch: number
  sheds: readonly Shed[]
}

export interface Building {
  id: string
  number: number
  households: number
  /** Along the heating main from the station, m. */
  distanceM: number
  /** Flats with a meter of their own; the others are measured by the building's meter only. */
  meteredFlats: readonly string[]
  /** Flats with a thermometer, all on one riser, from the lowest up: `401` is the first on the fourth floor. */
  thermometerFlats: readonly string[]
  /** What its heating entrance lives on. */
  entrancePower: 'mains' | 'battery'
}

export interface Shed {
  id: string
  number: number
  ports: number
}

export const stationNode = (estate: Estate) => `${estate.id}-station`
export const stationDevice = (estate: Estate) => `${estate.id}-station-heat`
export const entranceDevice = (building: Building) => `${building.id}-heat`
export const mainMeterNode = (building: Building) => `${building.id}-main`
export const mainValveNode = (building: Building) => `${building.id}-water-valve`
export const mainMeterDevice = (building: Building) => `${building.id}-water`
export const gatewayNode = (building: Building) => `${building.id}-gateway`
export const gatewayDevice = (building: Building) => `${building.id}-gw`
export const flatMeterNode = (building: Building, flat: string) => `${building.id}-f${flat}`
export const flatMeterDevice = (building: Building, flat: string) => `${building.id}-f${flat}-water`
export const riserNode = (building: Building) => `${building.id}-riser`
export const roomNode = (building: Building, flat: string) => `${building.id}-r${flat}`
export const roomDevice = (building: Building, flat: string) => `${building.id}-r${flat}-room`
export const controllerNode = (shed: Shed) => `${shed.id}-ctl`
export const chargerDevice = (shed: Shed) => `${shed.id}-charger`
export const portNode = (shed: Shed, port: number) => `${shed.id}-${portName(port)}`

/** `p03`: the name of port 3 in a topic. */
export const portName = (port: number) => `p${twoDigits(port)}`

/** `p01` … of a shed, in order. */
export function portNumbers(shed: Shed): readonly number[] {
  return Array.from({ length: shed.ports }, (_, index) => index + 1)
}

export function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}
