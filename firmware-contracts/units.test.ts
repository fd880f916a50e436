import { describe, expect, test } from 'vitest'
import { display, inShownUnit, unitOf } from './units.ts'

const shown: [signal: string, value: number, text: string][] = [
  ['p_ret_kpa', 223, '0.223 MPa'],
  ['p_ret_kpa', 0, '0.000 MPa'],
  ['t_sup_c10', 602, '60.2 °C'],
  ['t_out_c10', -35, '-3.5 °C'],
  ['flow_lph', 88_000, '88.000 m³/h'],
  ['vol_l', 123_456, '123.456 m³'],
  ['e_wh', 1234, '1.23 kWh'],
  ['p_w10', 1805, '180.5 W'],
  ['i_ma', 820, '0.82 A'],
  ['u_dv', 2203, '220.3 V'],
  ['vbat_mv', 3600, '3.60 V'],
  ['pump_hz10', 455, '45.5 Hz'],
  ['tank_pct', 81, '81 %'],
  ['sdur_s', 3600, '60 min'],
  ['rsrp_dbm', -97, '-97 dBm'],
  ['children_n', 3, '3'],
]

describe('units', () => {
  test.each(shown)('%s %i is read as %s', (signal, value, text) => {
    expect(display(signal, value)).toBe(text)
  })

  test('a screen with room for two decimals may ask for them', () => {
    expect(display('p_ret_kpa', 223, 2)).toBe('0.22 MPa')
  })

  test('words, flags and bit sets have no unit and are shown as they are', () => {
    expect(display('phase', 'charging')).toBe('charging')
    expect(display('relay_cmd', 1)).toBe('1')
    for (const signal of ['phase', 'relay_cmd', 'relay_fb', 'pump_run', 'status', 'sid']) {
      expect(unitOf(signal)).toBeUndefined()
    }
  })

  test('a chart gets the number in the unit shown', () => {
    expect(inShownUnit('t_sup_c10', 602)).toBeCloseTo(60.2)
    expect(inShownUnit('status', 5)).toBe(5)
  })
})
