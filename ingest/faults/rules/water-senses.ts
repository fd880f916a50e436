import { z } from 'zod'
import { meterStatusOf } from '../../../firmware-contracts/words.ts'
import { emptyFall, fallWindow, fallWithin, follow, highest } from '../fall-window.ts'
import { emptyBaseline, flowBaseline, learn, turnTo } from '../flow-baseline.ts'
import type { LocalHour } from '../local-hour.ts'
import type { Place } from '../places.ts'
import { numberIn, type Values } from '../sample.ts'
import { draw, firstDraw, householdDraw, type DrawLimits } from './household-draw.ts'
import { backflow, firstUse, flowBack, report, reported, usage, use } from './meter-memory.ts'
import { firstNight, nightFlow, spoilNight, watchNight } from './night-flow.ts'
import { firstReading, readOn, usualQ3Lph, waterRegister } from './water-register.ts'

/** What is remembered of a water meter. A flat's has two timelines, its daily uploads and what it tells at once; a
 *  part of the memory begins with the first word that it is made of, so that each remembers only its own. */
const meter = z.object({
  register: waterRegister.exactOptional(),
  draw: householdDraw.exactOptional(),
  /** Of a house only. */
  night: nightFlow.exactOptional(),
  usage: usage.exactOptional(),
  backflow: backflow.exactOptional(),
  /** Reports in a row with a broken seal, and with a valve that does not follow. */
  tampered: reported.exactOptional(),
  stuckValve: reported.exactOptional(),
})

export const waterSenses = {
  /** Pressure in a building's water main. */
  mainFall: fallWindow.exactOptional(),
  /** From where it has fallen, kPa; null while it has not. */
  mainLowFromKpa: z.number().nullable().exactOptional(),
  mainFlow: flowBaseline.exactOptional(),
  meter: meter.exactOptional(),
}
const shape = z.object(waterSenses)
type WaterSenses = z.infer<typeof shape>
type Meter = z.infer<typeof meter>

export function freshWater({ buildingMeter }: Place): WaterSenses {
  if (!buildingMeter) return { meter: {} }
  return { mainFall: emptyFall(), mainLowFromKpa: null, mainFlow: emptyBaseline(), meter: {} }
}

interface Around {
  place: Place
  localHour: LocalHour
}

export function senseWater(of: WaterSenses, around: Around, values: Values, atMs: number): void {
  if (around.place.buildingMeter) senseMain(of, around, values, atMs)
  if (of.meter) senseMeter(of.meter, around, values, atMs)
}

function senseMain(of: WaterSenses, { place, localHour }: Around, values: Values, atMs: number): void {
  const { mainFall, mainFlow } = of
  const kpa = numberIn(values, 'p_kpa')
  if (mainFall && kpa !== undefined) {
    follow(mainFall, atMs, kpa)
    of.mainLowFromKpa = lowFrom(of, place, kpa, atMs)
  }
  const lph = numberIn(values, 'flow_lph')
  if (!mainFlow || lph === undefined) return
  turnTo(mainFlow, localHour(atMs))
  const limitLph = burstFlowLph(of, place)
  if (limitLph === undefined || lph <= limitLph) learn(mainFlow, lph)
}

/** A main without pressure falls no further, and still is without: it has recovered when half of the fall is made
 *  up for. */
function lowFrom(
  { mainFall, mainLowFromKpa = null }: WaterSenses,
  { limits: { W01 } }: Place,
  kpa: number,
  atMs: number,
): number | null {
  if (!mainFall) return null
  const sinceMs = atMs - W01.fallWithinMs
  if (fallWithin(mainFall, atMs, W01.fallWithinMs) >= W01.fallKpa)
    return Math.max(mainLowFromKpa ?? 0, highest(mainFall, sinceMs))
  if (mainLowFromKpa === null) return null
  return kpa >= mainLowFromKpa - W01.fallKpa * W01.clearShare ? null : mainLowFromKpa
}

/** The flow that a building main exceeds only when it has burst (W01), L/h; undefined while it is unknown. As long as
 *  its hours are, its households stand for them. */
export function burstFlowLph(
  { mainFlow }: WaterSenses,
  { q3Lph, households = 0, limits: { W01 } }: Place,
): number | undefined {
  const usualLph = mainFlow?.usualLph ?? households * W01.householdPeakLph
  if (q3Lph === undefined || usualLph === 0) return undefined
  return Math.max(W01.timesUsual * usualLph, W01.shareOfQ3 * q3Lph)
}

const brokenSeal = meterStatusOf(['tamper', 'cover'])

function senseMeter(of: Meter, around: Around, values: Values, atMs: number): void {
  const litres = numberIn(values, 'vol_l')
  if (litres !== undefined && values['ev'] === undefined) senseRegister(of, around, litres, atMs)
  const reverseL = numberIn(values, 'rev_l')
  if (reverseL !== undefined) of.backflow = flowBack(of.backflow, atMs, reverseL)
  const { W06, W08 } = around.place.limits
  const status = numberIn(values, 'status')
  if (status !== undefined) {
    const stands = (status & brokenSeal) !== 0
    if (stands || of.tampered)
      of.tampered = report(of.tampered, { t: atMs, stands, apartMs: W06.reportsApartMs })
  }
  const { valve } = values
  if (valve === undefined) return
  const stands = valve === 'fault'
  if (stands || of.stuckValve)
    of.stuckValve = report(of.stuckValve, { t: atMs, stands, apartMs: W08.wakingsApartMs })
}

/** An event tells the register, too, but days apart: it is no sample. */
function senseRegister(of: Meter, { place, localHour }: Around, shownL: number, t: number): void {
  if (!of.register) {
    of.register = firstReading(t, shownL)
    of.usage = firstUse(t, 0)
    if (place.buildingMeter) of.night = firstNight(t, 0)
    else of.draw = firstDraw(t, 0)
    return
  }
  const passed = readOn(of.register, { t, shownL }, place.q3Lph)
  if (!passed) return
  const { throughL } = of.register
  if (passed.litres === null) of.usage = firstUse(t, throughL)
  else if (of.usage) use(of.usage, t, throughL)
  if (of.night && passed.litres === null) spoilNight(of.night, t, throughL)
  const at = { t, throughL, localHour: localHour(t) }
  if (of.night) watchNight(of.night, at, { limits: place.limits.W04, households: place.households ?? 0 })
  if (of.draw) draw(of.draw, { ...at, passed }, drawLimits(place))
}

/** The flow of a hose that has come off (W02), L/h. */
export function pouringLph({ q3Lph = usualQ3Lph, limits: { W02 } }: Place): number {
  return W02.shareOfQ3 * q3Lph
}

/** The flow of one that was left open (W02), L/h. */
export function runningLph({ q3Lph = usualQ3Lph, limits: { W02 } }: Place): number {
  return W02.runningShareOfQ3 * q3Lph
}

function drawLimits(place: Place): DrawLimits {
  return { ...place.limits.W03, pouringLph: pouringLph(place), runningLph: runningLph(place) }
}
