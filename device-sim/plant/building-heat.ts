import { gaussian, type Random } from '../random.ts'

/** The heat the loop carries: supply temperature follows the weather, radiators give it to the rooms, rooms
 *  lose it to the cold. Minutes for the water, days for the walls, so it is stepped once a minute.
 *  Temperatures in °C, heat in kW. Formulas: domain.md A2 and E1. */
export interface HeatState {
  supplyC: number
  /** How fast the supply warms, K/h: the loop's water swells with it. */
  supplyKPerHour: number
  returnC: readonly number[]
  roomC: readonly number[]
  /** Sum of all buildings. */
  heatKw: number
}

const roomDesignC = 18
const outdoorDesignC = -8
const supplyDesignC = 75
const returnDesignC = 50
const supplyMaxC = 85
const supplyLagS = 900
const radiatorExponent = 1.3
const radiatorOversize = 1.12
const buildingTimeConstantH = 80
/** People, cooking and sun, as K that the room gains over the outdoors. */
const freeHeatK = 1.2
/** kJ/(kg·K) times kg/L of warm water. */
const heatPerLitre = 4.187 * 0.98

/** Supply temperature wanted at `outdoor` °C: the compensation curve for 75/50 radiators. */
export function supplyCurveC(outdoor: number): number {
  const load = Math.min(1.2, Math.max(0, (roomDesignC - outdoor) / (roomDesignC - outdoorDesignC)))
  const lift = ((supplyDesignC + returnDesignC - 2 * roomDesignC) / 2) * load ** (1 / radiatorExponent)
  return Math.min(supplyMaxC, roomDesignC + lift + ((supplyDesignC - returnDesignC) / 2) * load)
}

export function startHeat(buildings: number, outdoor: number, random: Random): HeatState {
  const supplyC = supplyCurveC(outdoor)
  return {
    supplyC,
    supplyKPerHour: 0,
    returnC: Array.from({ length: buildings }, () => supplyC * 0.68),
    roomC: Array.from({ length: buildings }, () => 19.5 + 0.5 * gaussian(random)),
    heatKw: 0,
  }
}

export interface HeatInput {
  branchFlowM3h: readonly number[]
  outdoorC: number
  designKw: number
}

/** One step of `dtS` seconds, about a minute. */
export function stepHeat(was: HeatState, input: HeatInput, dtS: number): HeatState {
  const approach = 1 - Math.exp(-dtS / supplyLagS)
  const supplyC = was.supplyC + approach * (supplyCurveC(input.outdoorC) - was.supplyC)
  const houseKw = input.designKw / was.roomC.length
  const lossKwPerK = houseKw / (roomDesignC - outdoorDesignC)
  const returnC: number[] = []
  const roomC: number[] = []
  let heatKw = 0
  for (const [index, roomWas] of was.roomC.entries()) {
    const carryKwPerK = ((input.branchFlowM3h[index] ?? 0) / 3.6) * heatPerLitre
    const radiator = radiate({
      supplyC,
      roomC: roomWas,
      carryKwPerK,
      houseKw,
      guessC: was.returnC[index] ?? roomWas,
    })
    const lossKw = lossKwPerK * (roomWas - input.outdoorC - freeHeatK)
    returnC.push(radiator.returnC)
    roomC.push(roomWas + ((radiator.heatKw - lossKw) * dtS) / 3600 / (buildingTimeConstantH * lossKwPerK))
    heatKw += radiator.heatKw
  }
  return { supplyC, supplyKPerHour: ((supplyC - was.supplyC) * 3600) / dtS, returnC, roomC, heatKw }
}

interface RadiatorInput {
  supplyC: number
  roomC: number
  carryKwPerK: number
  houseKw: number
  guessC: number
}

/** Heat given and temperature left, found by damped iteration: each depends on the other. */
function radiate(input: RadiatorInput): { returnC: number; heatKw: number } {
  const designExcessC = (supplyDesignC + returnDesignC) / 2 - roomDesignC
  const coefficient = (input.houseKw / designExcessC ** radiatorExponent) * radiatorOversize
  let returnC = input.guessC
  for (let round = 0; round < 4; round++) {
    const excessC = Math.max(0, (input.supplyC + returnC) / 2 - input.roomC)
    const fullC = input.supplyC - (coefficient * excessC ** radiatorExponent) / input.carryKwPerK
    returnC = Math.max((returnC + fullC) / 2, input.roomC)
  }
  return { returnC, heatKw: input.carryKwPerK * (input.supplyC - returnC) }
}
