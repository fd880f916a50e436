import type { EstateDesign, EstatePlant } from './estate-plant.ts'
import { packs } from './battery-pack.ts'
import { admit, type ShedState } from './charging-shed.ts'
import { minuteMs } from './day.ts'

/** A resident plugs in at a shed now, and leaves after `minutes`. */
export function visitNow(
  design: EstateDesign,
  plant: EstatePlant,
  { target, minutes }: { target: string; minutes: number },
): EstatePlant {
  const visit = {
    arrivesMs: plant.nowMs,
    pack: packs[1],
    soc: 0.3,
    scansAfterMs: 8_000,
    lingersMs: 0,
    leavesMs: plant.nowMs + minutes * minuteMs,
  }
  const sheds = plant.sheds.map((shed, index): ShedState =>
    design.estate.sheds[index]?.id === target ? admit(shed, visit) : shed,
  )
  return { ...plant, sheds }
}
