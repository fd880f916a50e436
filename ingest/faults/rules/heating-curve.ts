import type { SiteParameters } from '../parameters.ts'

/** Weather compensation at constant flow (domain.md A2, quality regulation): what the supply should be, so that the
 *  radiators give what the houses lose.
 *
 *      q = (tn - tw) / (tn - tw0),  tg = tn + ½(tg0 + th0 - 2 tn) q^(1/(1+b)) + ½(tg0 - th0) q
 *
 *  with rooms tn, outdoors tw, design outdoors tw0, design supply and return tg0 and th0, and b of the radiators. */

/** Above it a design is left for good, whatever the weather: no controller asks for more. */
const loadMax = 1.2

/** Supply at `outdoorC`, °C. */
export function supplyCurveC(outdoorC: number, { curve, tooHotC }: SiteParameters['H07']): number {
  const { roomC, outdoorDesignC, supplyDesignC, returnDesignC, radiatorExponent } = curve
  const load = Math.min(loadMax, Math.max(0, (roomC - outdoorC) / (roomC - outdoorDesignC)))
  const lift = ((supplyDesignC + returnDesignC - 2 * roomC) / 2) * load ** (1 / (1 + radiatorExponent))
  return Math.min(tooHotC, roomC + lift + ((supplyDesignC - returnDesignC) / 2) * load)
}
