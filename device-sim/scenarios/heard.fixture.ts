import { decode } from '../../firmware-contracts/decode.ts'
import type { Message, Reading } from '../../firmware-contracts/message.ts'
import type { Outgoing } from '../firmware/message.ts'
import type { Fleet } from '../fleet.ts'
import { demoFleet } from '../fleets/demo.ts'
import { hourMs } from '../plant/day.ts'
import { saidUntil, Simulation } from '../simulation.ts'
import { loadScenario, type Scenario } from './scenario.ts'

/** What a server would have heard of the first hours of a scenario, signal by signal. Only the part of the fleet
 *  is simulated that matters: nobody's bytes change when a neighbour is left out. */

export interface Sample {
  /** Sampling instant, s after the start of the scenario. */
  atS: number
  value: number
}

export class Heard {
  readonly scenario: Scenario
  /** When the scenario began, epoch ms. */
  readonly startMs: number
  readonly #byDevice: ReadonlyMap<string, readonly Outgoing[]>

  /** Of what was heard, epoch ms. */
  readonly endMs: number

  private constructor(scenario: Scenario, byDevice: ReadonlyMap<string, readonly Outgoing[]>, endMs: number) {
    this.scenario = scenario
    this.endMs = endMs
    this.startMs = Date.parse(scenario.start)
    this.#byDevice = byDevice
  }

  /** Lets `hours` of a scenario pass, and keeps the words of these devices. */
  static of(name: string, hours: number, devices: Iterable<string>): Heard {
    const scenario = loadScenario(name)
    const byDevice = new Map(Array.from(devices, (device): [string, Outgoing[]] => [device, []]))
    const places = [...scenario.faults, ...scenario.visits].map(({ target }) => target)
    const fleet = partOf(demoFleet(), [...byDevice.keys()], places)
    const startMs = Date.parse(scenario.start)
    const simulation = new Simulation({ fleet, scenario, seed: scenario.seed, startMs, keptShare: 0 })
    const endMs = startMs + hours * hourMs
    for (const message of saidUntil(endMs, simulation)) byDevice.get(deviceOf(message))?.push(message)
    return new Heard(scenario, byDevice, endMs)
  }

  /** What arrived from one second of the scenario to another. */
  between(fromS: number, untilS: number): Heard {
    const endMs = this.startMs + untilS * 1000
    const within = ({ t }: Outgoing) => t >= this.startMs + fromS * 1000 && t < endMs
    return new Heard(
      this.scenario,
      new Map([...this.#byDevice].map(([device, said]) => [device, said.filter(within)])),
      endMs,
    )
  }

  /** What reached the broker under the device's own topics. */
  said(device: string): readonly Outgoing[] {
    const said = this.#byDevice.get(device)
    if (!said) throw new Error(`nobody listened to ${device}`)
    return said
  }

  messages(device: string): readonly Message[] {
    return this.said(device).flatMap(({ topic, payload }) => {
      const decoded = decode(topic, payload)
      return decoded.ok ? [decoded.message] : []
    })
  }

  /** Of a device, or of one of its ports (`hengkang-shed1-charger/p03`). */
  readings(place: string): readonly Reading[] {
    const [device = '', port] = place.split('/')
    return this.messages(device).flatMap((message) =>
      message.type === 'readings' ? message.readings.filter((reading) => reading.port === port) : [],
    )
  }

  /** In the order of the device's own time. */
  samples(place: string, signal: string): readonly Sample[] {
    return this.readings(place)
      .flatMap(({ t, values }) => {
        const value = values[signal]
        return typeof value === 'number' ? [{ atS: (t - this.startMs) / 1000, value }] : []
      })
      .toSorted((a, b) => a.atS - b.atS)
  }
}

function deviceOf({ topic }: Outgoing): string {
  return topic.split('/')[4] ?? ''
}

/** Only the sheds, meters and thermometers that are named; but all buildings where somebody listens to the
 *  heating, for they share a loop. */
function partOf(fleet: Fleet, devices: readonly string[], places: readonly string[]): Fleet {
  const isNamed = (id: string) =>
    [...devices, ...places].some((named) => named === id || named.startsWith(`${id}-`))
  const sharesLoop = devices.some((device) => /-(heat|room)$/.test(device))
  const estates = fleet.estates.map((estate) => ({
    ...estate,
    sheds: estate.sheds.filter(({ id }) => isNamed(id)),
    buildings: estate.buildings.flatMap((building) => {
      if (isNamed(building.id)) return [building]
      return sharesLoop ? [{ ...building, meteredFlats: [], thermometerFlats: [] }] : []
    }),
  }))
  return { ...fleet, estates }
}
