import type { Scenario } from '../../device-sim/scenarios/scenario.ts'
import { pressureBand } from '../../estate/pressure-band.ts'
import type { Registry } from '../../estate/registry.ts'
import type { Reading } from '../../firmware-contracts/message.ts'

/** When a burst of the heating main could first be seen: the first return pressure below the band (its static height, where the top floor empties), of the station
 *  or of any entrance, that reached the server after the pipe had broken. From there on the engine's time runs. */
export class FirstBelow {
  /** Static height at each pressure gauge, kPa. */
  readonly #staticKpa = new Map<string, number>()
  readonly #bursts: { site: string; fromMs: number; seenMs?: number }[]

  constructor(registry: Registry, { faults }: Scenario, startMs: number) {
    for (const { id, node } of registry.devices) {
      const topRadiatorM = registry.node(node)?.topRadiatorM
      if (topRadiatorM !== undefined) this.#staticKpa.set(id, pressureBand(topRadiatorM).lowLow)
    }
    this.#bursts = faults
      .filter(({ fault }) => fault === 'burst')
      .map(({ target, t }) => ({ site: registry.node(target)?.site ?? target, fromMs: startMs + t * 1_000 }))
  }

  see({ site, device, class: type, t, values: { p_ret_kpa: kpa } }: Reading, receivedMs: number): void {
    if (type !== 'tele' || typeof kpa !== 'number') return
    for (const burst of this.#bursts) {
      if (burst.seenMs !== undefined || burst.site !== site || t < burst.fromMs) continue
      if (kpa < (this.#staticKpa.get(device) ?? 0)) burst.seenMs = receivedMs
    }
  }

  /** Receive time of the first such sample after this onset, epoch ms. */
  of(fromMs: number): number | undefined {
    return this.#bursts.find((burst) => burst.fromMs === fromMs)?.seenMs
  }
}
