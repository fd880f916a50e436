import fc from 'fast-check'
import { expect, test } from 'vitest'
import { demoFleet } from '../fleets/demo.ts'
import type { Place } from '../place.ts'
import type { RunningEstate } from '../scenarios/fault-kind.ts'
import { ordinaryDay } from '../scenarios/scenario.ts'
import { chargingFaults } from './charging-faults.ts'
import { energyAt, warmthAt, type PortState } from './charging-port.ts'
import {
  contactorClosed,
  portsEnergyAt,
  shedEnergyAt,
  standbyW,
  stepShed,
  voltageOf,
  type ShedState,
} from './charging-shed.ts'
import { hourMs, tickMs } from './day.ts'
import { designEstate, startEstate } from './estate-plant.ts'
import { hotC, relayClosed } from './port-phases.ts'

/** In whatever order things break and are repaired in a shed, its energy is conserved, its registers count
 *  forwards, and its safety holds. The shed alone, on a busy evening. */
const startMs = Date.parse('2026-01-15T18:00:00+08:00')
const hours = 2
const outdoorC = -5
const device = 'hengkang-shed1-charger'

const [estate] = demoFleet().estates
if (!estate) throw new Error('the demo has an estate')
const design = designEstate(estate, 5, { ...ordinaryDay, startMs })
const evening = startEstate(design, startMs)

const strikesOfAnEvening = fc.array(
  fc.record({
    tick: fc.nat((hours * hourMs) / tickMs - 1),
    kind: fc.constantFrom(...chargingFaults),
    port: fc.nat(11),
    ends: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
)

function strike(
  running: RunningEstate,
  { kind, port, ends }: { kind: (typeof chargingFaults)[number]; port: number; ends: boolean },
) {
  const place: Place = kind.at.includes('port')
    ? { at: 'port', shed: 0, port, device }
    : { at: 'shed', shed: 0, device }
  const { begin, end } = kind.params.parse(undefined)
  if (ends) end?.(running, place)
  else begin(running, place)
}

test('in whatever order things break, energy is conserved and nobody is burnt or shocked', () => {
  fc.assert(
    fc.property(strikesOfAnEvening, (strikes) => {
      const running: RunningEstate = { design, plant: evening, devices: new Map() }
      const [place] = design.sheds
      const first = evening.sheds[0]
      if (!place || !first) throw new Error('the demo has a shed')
      const wrong: string[] = []
      let ownWh = 0
      let last = first
      for (let tick = 0; tick < (hours * hourMs) / tickMs; tick++) {
        for (const each of strikes) if (each.tick === tick) strike(running, each)
        const nowMs = running.plant.nowMs + tickMs
        const [was] = running.plant.sheds
        if (!was) throw new Error('the shed is there')
        ownWh += (ownPowerW(last) * tickMs) / hourMs
        const shed = stepShed(place, was, nowMs, outdoorC)
        running.plant = { ...running.plant, nowMs, sheds: [shed, ...running.plant.sheds.slice(1)] }
        if (shed !== last) wrong.push(...wrongs(last, shed, nowMs))
        last = shed
      }
      expect(wrong).toEqual([])
      const { nowMs } = running.plant
      const taken = shedEnergyAt(last, nowMs) - shedEnergyAt(first, startMs)
      expect(taken).toBeCloseTo(portsEnergyAt(last, nowMs) - portsEnergyAt(first, startMs) + ownWh, 3)
    }),
    { numRuns: 100 },
  )
})

function ownPowerW({ fittings }: ShedState): number {
  return voltageOf(fittings) === 0 ? 0 : standbyW + fittings.foreignW
}

/** What must not be, in words. */
function wrongs(was: ShedState, now: ShedState, nowMs: number): string[] {
  const live = contactorClosed(now.fittings) && voltageOf(now.fittings) > 0
  return now.ports.flatMap((port, index) => {
    const before = was.ports[index]
    const backwards = before && energyAt(port, nowMs) < energyAt(before, nowMs - tickMs) - 1e-9
    const hotForMs = nowMs - (port.control.hotSinceMs ?? nowMs)
    const isHot = hotForMs > 15_000 && outdoorC + warmthAt(port, nowMs) > hotC
    return [
      ...(backwards ? [`port ${index + 1} counts backwards`] : []),
      ...(port.powerW > 0 && !(mayDraw(port) && live) ? [`port ${index + 1} draws`] : []),
      ...(isHot && relayClosed(port.control.phase) ? [`port ${index + 1} is hot and on`] : []),
      ...((port.guest?.charge.soc ?? 0) > 1 ? [`port ${index + 1} overfills a battery`] : []),
    ]
  })
}

function mayDraw({ control, fittings }: PortState): boolean {
  return fittings.output === 'sound' && (relayClosed(control.phase) || fittings.welded)
}
