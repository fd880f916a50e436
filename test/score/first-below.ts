import type { Scenario } from '../../device-sim/scenarios/scenario.ts'
import { pressureBand } from '../../estate/pressure-band.ts'
import type { Registry } from '../../estate/registry.ts'
import type { Reading } from '../../firmware-contracts/message.ts'

/** When a burst of the heating main could first be seen: the first return pressure below the band (its static height,
 *  where the top floor empties) that reached the server after the pipe had broken. From there on the engine's time
 *  runs. The station speaks every ten seconds; the entrance next to the break falls deeper, and speaks every minute. */
export interface Sight {
  /** Receive times, epoch ms; absent when it never fell so low. */
  station?: number
  anyGauge?: number
}

export class FirstBelow {
  /** Static height at each pressure gauge, kPa. */
  readonly #staticKpa = new Map<string, number>()
  readonly #bursts: { site: string; fromMs: number; seen: Sight }[]

  constructor(registry: Registry, { faults }: Scenario, startMs: number) {
    for (const { id, node } of registry.devices) {
      const topRadiatorM = registry.node(node)?.topRadiatorM
      if (topRadiatorM !== undefined) this.#staticKpa.set(id, pressureBand(topRadiatorM).lowLow)
    }
    this.#bursts = faults
      .filter(({ fault }) => fault === 'burst')
      .map(({ target, t }) => ({
        site: registry.node(target)?.site ?? target,
        fromMs: startMs + t * 1_000,
        seen: {},
      }))
  }

  see({ site, device, kind, class: type, t, values: { p_ret_kpa: kpa } }: Reading, receivedMs: number): void {
    if (type !== 'tele' || typeof kpa !== 'number') return
    for (const burst of this.#bursts) {
      if (burst.seen.station !== undefined || burst.site !== site || t < burst.fromMs) continue
      if (kpa >= (this.#staticKpa.get(device) ?? 0)) continue
      burst.seen.anyGauge ??= receivedMs
      if (kind === 'heat-station') burst.seen.station = receivedMs
    }
  }

  /** Of the burst with this onset. */
  of(fromMs: number): Sight | undefined {
    return this.#bursts.find((burst) => burst.fromMs === fromMs)?.seen
  }
}
