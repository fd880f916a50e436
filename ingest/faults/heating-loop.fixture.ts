import { entranceOf, houses, minute, morning, says, type Event } from './twenty-houses.fixture.ts'

/** For tests only: the pressure of the secondary loop, after the simulator's prototype (domain.md E1): 60 m³ of
 *  water, make-up of 3.5 m³/h, and a break whose pull fades from house to house. Deterministic by seed. */

export interface Plan {
  minutes: number
  /** Flow through the break at 0.3 MPa, m³/h; from `fromMinute` until `repairedMinute`. */
  breakM3h?: number
  fromMinute?: number
  repairedMinute?: number
  /** Index of the house nearest the break. */
  at?: number
  /** Instead of physics: return pressure everywhere, kPa. */
  kpaAt?: (atMinute: number) => number
  seed?: number
}

const setMpa = 0.224
const storageM3PerMpa = 3
const makeUpM3h = 3.52
const circulationM3h = 88
const headMpa = 0.13

/** Station every 10 s, entrances every minute, each at its own second. */
export function loopSays(plan: Plan): Event[] {
  const chance = mulberry32(plan.seed ?? 1)
  const noise = () => (chance() + chance() + chance() - 1.5) * 2
  const events: Event[] = []
  let mpa = setMpa
  for (let second = 0; second < plan.minutes * 60; second++) {
    const open = isBroken(plan, second / 60) ? (plan.breakM3h ?? 0) / Math.sqrt(0.3) : 0
    mpa = plan.kpaAt ? plan.kpaAt(second / 60) / 1_000 : nextPressure(mpa, open, second / 60, plan)
    const atMs = morning + second * 1_000
    const kpa = (pull: number) => Math.max(0, Math.round(1_000 * mpa * (1 - pull) + noise()))
    if (second % 10 === 0) {
      const p_ret_kpa = kpa(0)
      events.push(
        says({ device: 'hengkang-station-heat', atMs, values: { p_ret_kpa, p_sup_kpa: p_ret_kpa + 130 } }),
      )
    }
    for (const [index, house] of houses.entries()) {
      if (second % 60 !== (index * 7) % 60) continue
      const pull =
        ((0.35 * open * 0.55) / circulationM3h / 0.3) * Math.exp(-Math.abs(index - (plan.at ?? 13)) / 3)
      events.push(says({ device: entranceOf(house), atMs, values: { p_ret_kpa: kpa(pull) } }))
    }
  }
  return events
}

function isBroken({ breakM3h, fromMinute = 5, repairedMinute = Infinity }: Plan, atMinute: number): boolean {
  return breakM3h !== undefined && atMinute >= fromMinute && atMinute < repairedMinute
}

/** One second of `C dp/dt = make-up - losses`; after a repair the loop is refilled from a hydrant. */
function nextPressure(mpa: number, open: number, atMinute: number, plan: Plan): number {
  const refill = atMinute >= (plan.repairedMinute ?? Infinity) ? 40 : 0
  const makeUp = (makeUpM3h + refill) * Math.min(1, Math.max(0, (setMpa - mpa) / 0.03 + 0.04))
  const lost = 0.26 * Math.sqrt(mpa) + open * Math.sqrt(mpa + headMpa / 2)
  return Math.max(0, mpa + (makeUp - lost) / 3_600 / storageM3PerMpa)
}

export function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export const burstAtB14: Plan = { minutes: 20, breakM3h: 12, fromMinute: 5 }
export const burstMs = morning + 5 * minute
