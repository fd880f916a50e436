import { demoFleet } from '../../device-sim/fleets/demo.ts'
import { hourMs } from '../../device-sim/plant/day.ts'
import { demoRegistry } from '../../device-sim/registry-file.ts'
import { parseScenario } from '../../device-sim/scenarios/scenario.ts'
import { simulate } from '../../device-sim/simulation.ts'
import { buildRegistry } from '../../estate/registry-index.ts'
import { parseRegistryFile } from '../../estate/registry-file.ts'
import { decode } from '../../firmware-contracts/decode.ts'
import type { Decoded } from '../../firmware-contracts/message.ts'
import { FaultEngine } from '../../ingest/faults/engine.ts'

/** A day on which nearly everything breaks, each at a place or an hour of its own: for proofs that have to hold for
 *  every rule of the table, also for one that is written tomorrow. */

const minutes = (hour: number, minute = 0) => hour * 3_600 + minute * 60
const fault = (at: string, what: string, times: { t: number; until?: number }, params?: object) => ({
  target: at === '' ? 'hengkang' : `hengkang-${at}`,
  fault: what,
  ...times,
  ...(params && { params }),
})
const between = (from: number, until: number) => ({ t: minutes(from), until: minutes(until) })

const heating = [
  fault('station', 'pump-trip', between(1, 2)),
  fault('station', 'off-curve', between(2.5, 5), { offsetK: 25 }),
  fault('station', 'strainer-clogged', between(5.5, 6.5), { open: 0.25 }),
  fault('station', 'primary-leak', between(7, 9), { m3h: 5 }),
  fault('station', 'make-up-failed', between(9.5, 10.5)),
  fault('b12', 'leak', between(11, 14.5), { m3h: 1.5 }),
  fault('b14', 'burst', { t: minutes(15) }, { m3h: 12 }),
  fault('b08', 'air-lock', between(1, 13), { factor: 25 }),
  fault('b06', 'valve-shut', between(2.5, 13), { open: 0.02 }),
  fault('b14-r401', 'room-cold', between(0.5, 13), { belowK: 5 }),
  fault('b03', 'freezing', between(1, 13)),
]
const water = [
  fault('b01', 'water-burst', between(6, 7), { lph: 40_000 }),
  fault('b07-f102', 'flat-burst', between(10, 12)),
  fault('b13-main', 'reverse-flow', between(2, 14), { l: 60, everyH: 4 }),
  fault('b11-f102', 'meter-tampered', between(3, 14)),
  fault('b05', 'shaft-open', between(1, 14)),
]
const charging = [
  fault('shed1-p03', 'bad-contact', between(1, 9), { ohm: 0.65 }),
  fault('shed1-p07', 'overload', { t: minutes(4) }, { factor: 4, seconds: 20 }),
  fault('shed1-p02', 'earth-leakage', between(2, 5), { ma: 35 }),
  fault('shed1', 'supply-voltage', between(10, 12), { volts: 186 }),
  fault('shed2-p06', 'relay-welded', between(1, 5)),
  fault('shed2-p01', 'port-dead', between(1, 9), { because: 'fuse' }),
  fault('shed2-p05', 'thermal-runaway', { t: minutes(12) }, { kPerMin: 8, smokeAfterS: 180 }),
  fault('shed3-p04', 'never-full', between(1, 14)),
  fault('shed3', 'shed-overload', between(2, 5), { w: 8_800 }),
  fault('shed3', 'shed-door-open', between(6, 9)),
  fault('shed3', 'shed-outage', between(10, 12)),
]
const devices = [
  fault('b16', 'device-silent', between(3, 5)),
  fault('b10-gateway', 'gateway-silent', between(4, 9)),
  fault('b09', 'sensor-stuck', between(1, 14), { signal: 'p_ret_kpa' }),
  fault('b04', 'sensor-out-of-range', between(2, 9), { signal: 't_ret_c10', value: 1_300 }),
  fault('b15', 'clock-off', between(3, 12), { offS: 180 }),
  fault('b17', 'device-cloned', between(2, 9)),
  fault('b18', 'reboot-loop', between(4, 8), { everyS: 400 }),
  fault('b02-r201', 'battery-low', between(0.1, 14), { mv: 3_050 }),
  fault('', 'firmware-bad', between(7, 9), { kind: 'gateway' }),
]

const scenario = parseScenario('bad-day', {
  name: 'bad-day',
  about: 'Nearly everything breaks.',
  weather: { meanC: -9, swingC: 4 },
  mischief: { loss: {}, duplicates: {}, delay: {}, garbage: {} },
  faults: [...heating, ...water, ...charging, ...devices],
})

export interface Said {
  decoded: Decoded
  receivedMs: number
}

export const badDaySeed = 5

/** What the demo estate says in its first hours, as it was read. */
export function badDay(hours: number): Said[] {
  const startMs = Date.parse(scenario.start)
  const options = { fleet: demoFleet(), scenario, seed: badDaySeed, startMs }
  return Array.from(simulate(options, startMs + hours * hourMs), ({ topic, payload, t }) => ({
    decoded: decode(topic, payload),
    receivedMs: t,
  }))
}

const registry = buildRegistry(parseRegistryFile(demoRegistry()))

export function badDayEngine(): FaultEngine {
  return new FaultEngine({ registry, parameters: {}, timeZone: 'Asia/Shanghai' })
}
