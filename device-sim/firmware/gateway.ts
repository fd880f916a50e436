import type { GatewayTele } from '../../firmware-contracts/kinds/gateway.ts'
import { deviceOf, every, once, partsOf, staggered, type Device, type Making } from './device.ts'
import { measured } from './sensor.ts'

/** The gateway in a cellar: little to say of itself, but everything its children say goes through it. */
const periodMs = 300_000

export function gateway(making: Making, children: number): Device {
  const parts = partsOf(making)
  const { voice, noise, bornMs } = parts
  const report = (nowMs: number) => {
    const values: GatewayTele = {
      rsrp_dbm: measured(noise, -92, 3),
      uptime_s: voice.uptimeS(nowMs),
      children_n: children,
    }
    return [voice.say(nowMs, 'tele', values)]
  }
  const tasks = [
    once(bornMs, (nowMs) => [
      ...voice.birth(nowMs, { periodS: { tele: periodMs / 1000 } }),
      ...report(nowMs),
    ]),
    every(periodMs, staggered(parts, periodMs), report),
  ]
  return deviceOf(parts, tasks)
}
