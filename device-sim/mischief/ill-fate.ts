import type { Device, Task } from '../firmware/device.ts'
import { dayMs, minuteMs } from '../plant/day.ts'
import { randomFor } from '../random.ts'
import { exponential } from './air.ts'
import type { Mischief } from './mischief.ts'
import type { Tolls } from './toll.ts'

/** What befalls a device from outside: lines that are dead for a while, boards that start again. */

const weekMs = 7 * dayMs
const monthMs = 30 * dayMs

export interface Fate {
  seed: number
  mischief: Mischief
  startMs: number
  tolls: Tolls
}

/** Plans a device's outages and reboots. A line belongs to who dials; who speaks through a gateway has none. */
export function foredoom(device: Device, { seed, mischief, startMs, tolls }: Fate): void {
  const { outages, reboots } = mischief
  const { device: id, site, gateway } = device.identity
  if (outages && gateway === undefined) {
    const own = { perMs: outages.perWeek / weekMs, meanMs: outages.minutes * minuteMs, startMs }
    const common = {
      perMs: outages.estatePerMonth / monthMs,
      meanMs: outages.estateMinutes * minuteMs,
      startMs,
    }
    const untilNow = (window: Window) => tolls.outage(id, window)
    device.befall(
      'outages',
      outagesOf(device, { ...own, random: randomFor(seed, id, 'outages'), tell: untilNow }),
    )
    device.befall(
      'estate outages',
      outagesOf(device, { ...common, random: randomFor(seed, site, 'outages'), tell: untilNow }),
    )
  }
  if (reboots) device.befall('reboots', rebootsOf(device, { ...reboots, seed, startMs, tolls }))
}

interface Window {
  fromMs: number
  untilMs: number
}

interface Outages {
  perMs: number
  meanMs: number
  startMs: number
  random: () => number
  tell: (window: Window) => void
}

/** Dead, alive, dead again: for ever. */
function outagesOf(device: Device, { perMs, meanMs, startMs, random, tell }: Outages): Task {
  let until: Window | undefined
  const wait = () => Math.round(perMs > 0 ? exponential(random, 1 / perMs) : Infinity)
  return {
    nextMs: startMs + wait(),
    run: (nowMs) => {
      if (until) {
        until = undefined
        device.mendLine(nowMs)
        return { said: [], nextMs: nowMs + wait() }
      }
      until = { fromMs: nowMs, untilMs: nowMs + Math.max(1, Math.round(exponential(random, meanMs))) }
      tell(until)
      device.cutLine(nowMs)
      return { said: [], nextMs: until.untilMs }
    },
  }
}

interface Reboots {
  perMonth: number
  clockLost: number
  seed: number
  startMs: number
  tolls: Tolls
}

const reasons = ['watchdog', 'brownout', 'exception'] as const

function rebootsOf(device: Device, { perMonth, clockLost, seed, startMs, tolls }: Reboots): Task {
  const random = randomFor(seed, device.identity.device, 'reboots')
  const wait = () => Math.round(perMonth > 0 ? exponential(random, monthMs / perMonth) : Infinity)
  return {
    nextMs: startMs + wait(),
    run: (nowMs) => {
      const reason = reasons[Math.floor(random() * reasons.length)] ?? 'watchdog'
      tolls.of(device.identity.device).reboots++
      device.reboot(nowMs, reason, random() < clockLost)
      return { said: [], nextMs: nowMs + wait() }
    },
  }
}
