/** Units live in the names. On the wire every quantity is an integer, and the last part of its name says what
 *  one count is: `p_ret_kpa: 223` is 223 kPa, `t_sup_c10: 602` is 60.2 °C. No float is ever printed by a
 *  microcontroller, and no two programs can disagree about a unit. People read something else: MPa, m³/h, kWh.
 *
 *  This file imports nothing, so that the browser can have it. */

export interface Unit {
  /** What one count on the wire is. */
  wire: string
  /** What people read; '' for a plain count. */
  shown: string
  /** Wire counts in one unit shown. */
  perShown: number
  /** Decimals that the sensors are good for. */
  decimals: number
}

export const units = {
  kpa: { wire: 'kPa', shown: 'MPa', perShown: 1000, decimals: 3 },
  c10: { wire: '0.1 °C', shown: '°C', perShown: 10, decimals: 1 },
  lph: { wire: 'L/h', shown: 'm³/h', perShown: 1000, decimals: 3 },
  l: { wire: 'L', shown: 'm³', perShown: 1000, decimals: 3 },
  kw: { wire: 'kW', shown: 'kW', perShown: 1, decimals: 0 },
  kwh: { wire: 'kWh', shown: 'kWh', perShown: 1, decimals: 0 },
  wh: { wire: 'Wh', shown: 'kWh', perShown: 1000, decimals: 2 },
  w: { wire: 'W', shown: 'W', perShown: 1, decimals: 0 },
  w10: { wire: '0.1 W', shown: 'W', perShown: 10, decimals: 1 },
  ma: { wire: 'mA', shown: 'A', perShown: 1000, decimals: 2 },
  dv: { wire: '0.1 V', shown: 'V', perShown: 10, decimals: 1 },
  mv: { wire: 'mV', shown: 'V', perShown: 1000, decimals: 2 },
  hz10: { wire: '0.1 Hz', shown: 'Hz', perShown: 10, decimals: 1 },
  pct: { wire: '%', shown: '%', perShown: 1, decimals: 0 },
  mm: { wire: 'mm', shown: 'mm', perShown: 1, decimals: 0 },
  dbm: { wire: 'dBm', shown: 'dBm', perShown: 1, decimals: 0 },
  s: { wire: 's', shown: 'min', perShown: 60, decimals: 0 },
  n: { wire: '1', shown: '', perShown: 1, decimals: 0 },
} as const satisfies Record<string, Unit>
export type UnitSuffix = keyof typeof units

const bySuffix = new Map<string, Unit>(Object.entries(units))

/** The unit that a wire name ends in; undefined for words, flags, bit sets and ids, which have none. */
export function unitOf(signal: string): Unit | undefined {
  return bySuffix.get(signal.slice(signal.lastIndexOf('_') + 1))
}

/** A wire value in the unit shown: `inShownUnit('p_ret_kpa', 223)` is 0.223. */
export function inShownUnit(signal: string, value: number): number {
  return value / (unitOf(signal)?.perShown ?? 1)
}

/** A wire value as people read it: `display('p_ret_kpa', 223)` is `0.223 MPa`. Words come back as they are. */
export function display(signal: string, value: number | string, decimals?: number): string {
  if (typeof value === 'string') return value
  const unit = unitOf(signal)
  if (!unit) return String(value)
  return `${inShownUnit(signal, value).toFixed(decimals ?? unit.decimals)} ${unit.shown}`.trimEnd()
}
