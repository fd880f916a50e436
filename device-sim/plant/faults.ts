import { assertNever } from '../../platform/assert-never.ts'
import type { ExtraVisit, Fault } from '../scenarios/scenario.ts'
import { portNode, portNumbers } from '../fleet.ts'
import { packs } from './battery-pack.ts'
import { admit, weldRelay, type ShedState } from './charging-shed.ts'
import type { EstateDesign, EstatePlant } from './estate-plant.ts'
import { minuteMs } from './day.ts'

/** How a scenario reaches into the plant: one thing breaks, or is whole again. */

/** Whether this estate has what the fault breaks. */
export function canBreak({ estate }: EstateDesign, fault: Fault): boolean {
  switch (fault.fault) {
    case 'burst':
    case 'water-burst':
      return estate.buildings.some(({ id }) => id === fault.target)
    case 'relay-welded':
      return estate.sheds.some((shed) => portIndex(shed, fault.target) >= 0)
    default:
      return assertNever(fault)
  }
}

export function breakIt(design: EstateDesign, plant: EstatePlant, fault: Fault): EstatePlant {
  const building = design.estate.buildings.findIndex(({ id }) => id === fault.target)
  switch (fault.fault) {
    case 'burst': {
      const breaks = [...plant.loop.breaks, { building, m3h: fault.params.m3h }]
      return { ...plant, loop: { ...plant.loop, breaks } }
    }
    case 'water-burst':
      return withLeak(plant, building, fault.params.lph)
    case 'relay-welded': {
      const sheds = plant.sheds.map((shed, index) => {
        const place = design.estate.sheds[index]
        const port = place ? portIndex(place, fault.target) : -1
        return port < 0 ? shed : weldRelay(shed, port, plant.nowMs)
      })
      return { ...plant, sheds }
    }
    default:
      return assertNever(fault)
  }
}

/** The repair, for what a scenario gives an end. */
export function mendIt(design: EstateDesign, plant: EstatePlant, fault: Fault): EstatePlant {
  const building = design.estate.buildings.findIndex(({ id }) => id === fault.target)
  switch (fault.fault) {
    case 'burst': {
      const at = plant.loop.breaks.findIndex(
        (gap) => gap.building === building && gap.m3h === fault.params.m3h,
      )
      const breaks = plant.loop.breaks.filter((_, index) => index !== at)
      return { ...plant, loop: { ...plant.loop, breaks } }
    }
    case 'water-burst':
      return withLeak(plant, building, -fault.params.lph)
    case 'relay-welded':
      return plant
    default:
      return assertNever(fault)
  }
}

function withLeak(plant: EstatePlant, building: number, lph: number): EstatePlant {
  const buildings = plant.water.buildings.map((water, index) =>
    index === building ? { ...water, leakLphNominal: water.leakLphNominal + lph } : water,
  )
  return { ...plant, water: { ...plant.water, buildings } }
}

function portIndex(shed: Parameters<typeof portNumbers>[0], node: string): number {
  return portNumbers(shed).findIndex((port) => portNode(shed, port) === node)
}

/** A resident plugs in now, and leaves after `minutes`. */
export function visitNow(design: EstateDesign, plant: EstatePlant, extra: ExtraVisit): EstatePlant {
  const visit = {
    arrivesMs: plant.nowMs,
    pack: packs[1],
    soc: 0.3,
    scansAfterMs: 8_000,
    lingersMs: 0,
    leavesMs: plant.nowMs + extra.minutes * minuteMs,
  }
  const sheds = plant.sheds.map((shed, index): ShedState =>
    design.estate.sheds[index]?.id === extra.target ? admit(shed, visit) : shed,
  )
  return { ...plant, sheds }
}
