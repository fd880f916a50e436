/** Wire integers in the units that people use. */

/** 223 kPa -> `0.223` MPa */
export function mpa(kpa: number): string {
  return (kpa / 1000).toFixed(3)
}

/** 521 tenths -> `52.1` °C */
export function celsius(c10: number): string {
  return (c10 / 10).toFixed(1)
}

/** 1840 L/h -> `1.84` m³/h */
export function cubicMetres(lph: number): string {
  return (lph / 1000).toFixed(2)
}
