import { gaussian, type Random } from '../random.ts'

/** The heat the loop carries: supply temperature follows the weather, radiators give it to the rooms, rooms
 *  lose it to the cold. Minutes for the water, days for the walls, so it is stepped once a minute.
 *  Temperatures in °C, heat in kW. Formulas: domain.md A2 and E1. */
export interface HeatState {
  supplyC: number
  /** How fast the supply warms, K/h: the loop's water swells with it. */
  supplyKPerHour: number
  /** What comes back to the station, mixed. */
  mixedReturnC: number
  /** Supply and return pipe at each building's entrance; without flow they take the cellar's temperature. */
  arrivesC: readonly number[]
  leavesC: readonly number[]
  /** Behind the radiators of each building. */
  returnC: readonly number[]
  roomC: readonly number[]
  /** Sum of all buildings. */
  heatKw: number
  /** Primary control valve: what the controller asks for, and where it stands, 0 to 1. */
  valve: number
  valveStands: number
  fittings: HeatFittings
}

/** What faults change about the heat. */
export interface HeatFittings {
  /** Share of the primary's heat that arrives; 1 = all. */
  primary: number
  /** What a wrong controller adds to the compensation curve, K. */
  curveOffsetK: number
  /** Where the primary valve is stuck, 0 to 1; undefined while it moves. */
  valveStuck: number | undefined
  /** Buildings whose cellar stands open to the weather. */
  openCellars: readonly number[]
}

const soundHeat: HeatFittings = {
  primary: 1,
  curveOffsetK: 0,
  valveStuck: undefined,
  openCellars: [],
}

const roomDesignC = 18
const outdoorDesignC = -8
const supplyDesignC = 75
const returnDesignC = 50
const supplyMaxC = 85
/** Beyond any controller: the exchanger's own thermostat. */
const supplyLimitC = 110
const supplyLagH = 0.25
const rampKPerHour = 5
const radiatorExponent = 1.3
const radiatorOversize = 1.12
const buildingTimeConstantH = 80
/** People, cooking and sun, as K that the room gains over the outdoors. */
const freeHeatK = 1.2
/** What the exchanger gives with its valve wide open, as a share of the design. */
const exchangerOversize = 1.6
/** kWh/(m³·K) of warm water. */
const heatPerM3 = (4.187 * 0.98) / 3.6
/** The pipes between main and radiators of one building: their water, and what they lose to the cellar, as
 *  the flow that would carry it away. They cool in half a day, or in an hour where the weather blows in. */
const entrancePipeM3 = 0.3
const cellarLossM3h = 0.026
const openCellarLoss = 10
/** How much of the rooms' warmth a cellar has. */
const cellarShare = 0.4

/** Supply temperature wanted at `outdoor` °C: the compensation curve for 75/50 radiators. */
export function supplyCurveC(outdoor: number): number {
  const load = Math.min(1.2, Math.max(0, (roomDesignC - outdoor) / (roomDesignC - outdoorDesignC)))
  const lift = ((supplyDesignC + returnDesignC - 2 * roomDesignC) / 2) * load ** (1 / radiatorExponent)
  return Math.min(supplyMaxC, roomDesignC + lift + ((supplyDesignC - returnDesignC) / 2) * load)
}

/** A winter's day: water on the curve, rooms warm. */
export function startHeat(buildings: number, outdoor: number, random: Random): HeatState {
  return heatAt(supplyCurveC(outdoor), buildings, () => 19.7 + 0.25 * gaussian(random))
}

/** Before the season: walls hold some of the warm months, the water has their temperature. */
export function startCold(buildings: number, outdoor: number, random: Random): HeatState {
  const wallsC = Math.min(26, Math.max(10, outdoor + 6))
  return heatAt(wallsC, buildings, () => wallsC + 0.25 * gaussian(random))
}

function heatAt(supplyC: number, buildings: number, roomOf: () => number): HeatState {
  const roomC = Array.from({ length: buildings }, roomOf)
  const returnC = roomC.map((room) => room + (supplyC - room) / 2)
  const mixedReturnC = returnC.reduce((sum, each) => sum + each, 0) / buildings
  return {
    supplyC,
    supplyKPerHour: 0,
    mixedReturnC,
    arrivesC: roomC.map(() => supplyC),
    leavesC: returnC,
    returnC,
    roomC,
    heatKw: 0,
    valve: 0,
    valveStands: 0,
    fittings: soundHeat,
  }
}

export interface HeatInput {
  branchFlowM3h: readonly number[]
  outdoorC: number
  designKw: number
  /** Water in the loop, m³. */
  volumeM3: number
  /** The controller shuts the primary valve without need, and while its pump stands; `gently` on opening night. */
  heating: 'no' | 'gently' | 'yes'
}

/** One step of `dtS` seconds, about a minute. */
export function stepHeat(was: HeatState, input: HeatInput, dtS: number): HeatState {
  const hours = dtS / 3600
  const radiators = radiatorsOf(input, was.roomC.length)
  const supply = stepSupply(was, input, hours)
  const arrivesC: number[] = []
  const leavesC: number[] = []
  const returnC: number[] = []
  const roomC: number[] = []
  let heatKw = 0
  let mixedC = 0
  let flowM3h = 0
  for (const index of was.roomC.keys()) {
    const flow = input.branchFlowM3h[index] ?? 0
    const { outdoorC } = input
    const house = stepHouse(
      was,
      { index, flowM3h: flow, supplyC: supply.supplyC, outdoorC, radiators },
      hours,
    )
    arrivesC.push(house.arrivesC)
    leavesC.push(house.leavesC)
    returnC.push(house.returnC)
    roomC.push(house.roomC)
    heatKw += house.heatKw
    mixedC += flow * house.leavesC
    flowM3h += flow
  }
  const mixedReturnC = flowM3h > 0 ? mixedC / flowM3h : was.mixedReturnC
  return { ...supply, arrivesC, leavesC, returnC, roomC, heatKw, mixedReturnC, fittings: was.fittings }
}

type Supply = Pick<HeatState, 'supplyC' | 'supplyKPerHour' | 'valve' | 'valveStands'>

/** The valve opens as far as the supply must rise to follow the curve, and the supply rises as far as the
 *  valve stands open. Unheated, the water comes back as it went: (return - supply) once per turn of the loop. */
function stepSupply(was: HeatState, input: HeatInput, hours: number): Supply {
  const { primary, curveOffsetK, valveStuck } = was.fittings
  const flowM3h = input.branchFlowM3h.reduce((sum, each) => sum + each, 0)
  const unheated = ((was.mixedReturnC - was.supplyC) * flowM3h) / input.volumeM3
  const fullKw = was.supplyC < supplyLimitC ? input.designKw * exchangerOversize * primary : 0
  const wideOpen = fullKw / (input.volumeM3 * heatPerM3)
  const wanted = (supplyCurveC(input.outdoorC) + curveOffsetK - was.supplyC) / supplyLagH
  const gently = input.heating === 'gently' ? Math.min(rampKPerHour, wanted) : wanted
  const lift = input.heating === 'no' ? 0 : Math.max(0, gently - unheated)
  const valve = lift < wideOpen ? lift / wideOpen : lift > 0 ? 1 : 0
  const valveStands = valveStuck ?? valve
  const supplyKPerHour = unheated + valveStands * wideOpen
  return { supplyC: was.supplyC + supplyKPerHour * hours, supplyKPerHour, valve, valveStands }
}

interface HouseInput {
  index: number
  flowM3h: number
  supplyC: number
  outdoorC: number
  radiators: Radiators
}

function stepHouse(was: HeatState, input: HouseInput, hours: number) {
  const { index, flowM3h, supplyC, outdoorC, radiators } = input
  const roomC = was.roomC[index] ?? 0
  const open = was.fittings.openCellars.includes(index)
  const cellarC = open ? outdoorC : outdoorC + cellarShare * (roomC - outdoorC)
  const pipe = { flowM3h, cellarC, lossM3h: cellarLossM3h * (open ? openCellarLoss : 1) }
  const arrivesC = stepPipe(was.arrivesC[index] ?? 0, { inC: supplyC, ...pipe }, hours)
  const guessC = was.returnC[index] ?? roomC
  const { returnC, heatKw } = radiate({ supplyC: arrivesC, roomC, flowM3h, radiators, guessC })
  const leavesC = stepPipe(was.leavesC[index] ?? 0, { inC: returnC, ...pipe }, hours)
  const lossKw = radiators.lossKwPerK * (roomC - outdoorC - freeHeatK)
  const kwhPerK = buildingTimeConstantH * radiators.lossKwPerK
  return { arrivesC, leavesC, returnC, heatKw, roomC: roomC + ((heatKw - lossKw) * hours) / kwhPerK }
}

/** A building's radiators, and what its walls let out. */
interface Radiators {
  lossKwPerK: number
  kwPerKToExponent: number
}

function radiatorsOf({ designKw }: HeatInput, buildings: number): Radiators {
  const houseKw = designKw / buildings
  const excessC = (supplyDesignC + returnDesignC) / 2 - roomDesignC
  return {
    lossKwPerK: houseKw / (roomDesignC - outdoorDesignC),
    kwPerKToExponent: (houseKw / excessC ** radiatorExponent) * radiatorOversize,
  }
}

interface PipeInput {
  inC: number
  flowM3h: number
  cellarC: number
  lossM3h: number
}

/** A pipe as one mixed volume between the water that comes and the cellar around it. */
function stepPipe(wasC: number, { inC, flowM3h, cellarC, lossM3h }: PipeInput, hours: number): number {
  const exchange = flowM3h + lossM3h
  const towardsC = (flowM3h * inC + lossM3h * cellarC) / exchange
  return towardsC + (wasC - towardsC) * Math.exp((-exchange * hours) / entrancePipeM3)
}

interface RadiatorInput {
  supplyC: number
  roomC: number
  flowM3h: number
  radiators: Radiators
  guessC: number
}

/** Heat given and temperature left, found by damped iteration: each depends on the other. */
function radiate({ supplyC, roomC, flowM3h, radiators, guessC }: RadiatorInput) {
  const carryKwPerK = flowM3h * heatPerM3
  if (carryKwPerK < 1e-6) return { returnC: roomC, heatKw: 0 }
  let returnC = guessC
  for (let round = 0; round < 4; round++) {
    const excessC = Math.max(0, (supplyC + returnC) / 2 - roomC)
    const fullC = supplyC - (radiators.kwPerKToExponent * excessC ** radiatorExponent) / carryKwPerK
    returnC = Math.max((returnC + fullC) / 2, Math.min(roomC, supplyC))
  }
  return { returnC, heatKw: carryKwPerK * (supplyC - returnC) }
}
