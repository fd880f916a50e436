/** Pressure limits from geometry, never hard-coded (domain.md A2): the return must at least carry the water up
 *  to the highest radiator, or the top floor empties. */

/** Water of 60 °C: kPa per metre of height. */
const kpaPerM = 9.66
/** What old cast-iron radiators bear, kPa; a house so tall that this is not enough needs zoning. */
const radiatorLimitKpa = 600
/** The most that the circulation pump normally adds between return and supply, kPa. */
const supplyHeadKpa = 150

/** All in kPa at the gauge. */
export interface PressureBand {
  /** Static height of the highest radiator: below it the top floor empties. */
  lowLow: number
  low: number
  /** Constant-pressure point of the return. */
  set: number
  /** Relief opens; more means over-pressure in the return. */
  high: number
  /** Design pressure of the house: the next 100 kPa above the normal supply. */
  supplyMax: number
}

/** `topRadiatorM`: height of the highest radiator above the gauge, m. For a heat station, the greatest of its
 *  buildings. */
export function pressureBand(topRadiatorM: number): PressureBand {
  const lowLow = Math.round(kpaPerM * topRadiatorM)
  const set = lowLow + 50
  const designKpa = Math.ceil((set + supplyHeadKpa) / 100) * 100
  return { lowLow, low: lowLow + 20, set, high: set + 80, supplyMax: Math.min(radiatorLimitKpa, designKpa) }
}
