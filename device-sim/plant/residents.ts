import { logNormal, poisson, randomFor, uniform, type Random } from '../random.ts'
import { arrivingSoc, packs, somePack, type Pack } from './battery-pack.ts'
import { hourMs, midnightOf, minuteMs, timeOfDay, type HourWeights } from './day.ts'

/** Who comes to a shed to charge: people come home, plug in, scan the code, and fetch the bike when it suits
 *  them. Figures: domain.md E3. */
export interface Visit {
  arrivesMs: number
  pack: Pack
  soc: number
  /** From plugging in to the accepted order. */
  scansAfterMs: number
  /** How long the bike stays after its charging ended. */
  lingersMs: number
  /** Taken away at this time, full or not. */
  leavesMs?: number
  /** How often they plug in anew when nothing flows. */
  retries?: number
}

export interface ShedPlace {
  seed: number
  id: string
  ports: number
}

const busyHours: HourWeights = [
  0.2, 0.1, 0.1, 0.1, 0.1, 0.2, 0.5, 0.8, 0.9, 0.8, 0.7, 0.9, 1.6, 1.2, 0.8, 0.8, 1, 1.5, 2.4, 2.8, 2.8, 2.4,
  1.2, 0.5,
]
const sessionsPerPortDay = 1
/** One in five is off again long before the battery is full. */
const hurried = 0.2
const longestLingerMs = 6 * hourMs

/** Everybody who comes to the shed on the local `day`, in order of arrival. */
export function visitsOfDay(place: ShedPlace, day: number): readonly Visit[] {
  const random = randomFor(place.seed, place.id, `visits/${day}`)
  const visits = Array.from({ length: poisson(random, sessionsPerPortDay * place.ports) }, () =>
    someVisit(random, midnightOf(day) + timeOfDay(random, busyHours)),
  )
  return visits.sort((a, b) => a.arrivesMs - b.arrivesMs)
}

function someVisit(random: Random, arrivesMs: number): Visit {
  const inAHurry = random() < hurried
  const leavesMs = arrivesMs + uniform(random, 10, 90) * minuteMs
  return {
    arrivesMs,
    pack: somePack(random),
    soc: arrivingSoc(random),
    scansAfterMs: uniform(random, 15, 60) * 1000,
    lingersMs: Math.min(longestLingerMs, logNormal(random, 1.5 * hourMs, 0.8)),
    ...(inAHurry && { leavesMs }),
  }
}

/** Somebody with the largest pack and an empty battery: the one who brings a fault to light. */
export function heavyVisit(arrivesMs: number): Visit {
  return { arrivesMs, pack: packs[2], soc: 0.2, scansAfterMs: 5_000, lingersMs: longestLingerMs }
}
