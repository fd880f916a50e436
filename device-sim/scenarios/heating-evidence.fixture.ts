import { above, aboveOther, below, belowUsual, every, hourMeanAbove, type Evidence } from './signs.fixture.ts'

/** H01 to H12. */

const station = 'hengkang-station-heat'
const staticKpa = 174
const setKpa = 224

export const heatingEvidence: readonly Evidence[] = [
  {
    rule: 'H01',
    scenario: 'burst',
    at: station,
    says: 'return below static for 20 s',
    shows: below('p_ret_kpa', staticKpa, 20),
    withinH: 0.2,
  },
  {
    rule: 'H02',
    scenario: 'make-up-outrun',
    at: station,
    says: 'return less than 20 kPa above static for 2 min',
    shows: below('p_ret_kpa', staticKpa + 20, 120),
    withinH: 7,
  },
  {
    rule: 'H03',
    scenario: 'exchanger-leak',
    at: station,
    says: 'return 80 kPa above its set-point for a minute',
    shows: above('p_ret_kpa', setKpa + 80, 60),
    withinH: 9,
  },
  {
    rule: 'H04',
    scenario: 'hidden-leak',
    at: station,
    says: 'an hour’s mean of the make-up above 0.5 % of 88 m³/h for 2 h',
    shows: hourMeanAbove('mu_lph', 0.005 * 88_000, 7_200),
    withinH: 10,
  },
  {
    rule: 'H05',
    scenario: 'pump-trip',
    at: station,
    says: 'less than 30 % of its pressure difference for a minute',
    shows: every(belowUsual('dp_kpa', 0.3, 60), below('pump_run', 1, 30)),
    withinH: 21.2,
  },
  {
    rule: 'H05',
    scenario: 'converter-fault',
    at: station,
    says: 'less than 30 % of its pressure difference for a minute, though the pump runs',
    shows: belowUsual('dp_kpa', 0.3, 60),
    withinH: 10.2,
  },
  {
    rule: 'H06',
    scenario: 'dry-tank',
    at: station,
    says: 'a tank below 20 % for 5 min',
    shows: below('tank_pct', 20, 300),
    withinH: 14,
  },
  {
    rule: 'H06',
    scenario: 'make-up-pump-dead',
    at: station,
    says: 'the fault bit of the make-up pump for 10 s',
    shows: above('mu_fault', 0, 10),
    withinH: 1.1,
  },
  {
    rule: 'H07',
    scenario: 'wrong-curve',
    at: station,
    says: 'supply above 85 °C for a minute',
    shows: above('t_sup_c10', 850, 60),
    withinH: 4,
  },
  {
    rule: 'H08',
    scenario: 'air-in-the-pipes',
    at: 'hengkang-b08-heat',
    beside: [station],
    says: 'half of its flow, and a return 8 K below the station’s, for 2 h',
    shows: every(belowUsual('flow_lph', 0.5, 7_200), (heard) =>
      aboveOther('t_ret_c10', { at: 'hengkang-b08-heat', signal: 't_ret_c10' }, 80, 7_200)(heard, station),
    ),
    withinH: 12,
  },
  {
    rule: 'H09',
    scenario: 'valve-forgotten',
    at: 'hengkang-b06-heat',
    says: 'a tenth of its flow for a quarter of an hour',
    shows: belowUsual('flow_lph', 0.1, 900),
    withinH: 15.5,
  },
  ...['201', '401', '601'].map((flat): Evidence => ({
    rule: 'H10',
    scenario: 'cold-flats',
    at: `hengkang-b06-r${flat}-room`,
    says: 'below 18 °C for 2 h',
    shows: below('t_room_c10', 180, 7_200),
    withinH: 16,
  })),
  {
    rule: 'H11',
    scenario: 'freezing-cellar',
    at: 'hengkang-b03-heat',
    beside: [station],
    says: 'return below 5 °C for 10 min, in the frost',
    shows: every(below('t_ret_c10', 50, 600), (heard) => below('t_out_c10', 0, 600)(heard, station)),
    withinH: 26,
  },
  {
    rule: 'H12',
    scenario: 'clogged-strainer',
    at: station,
    says: '50 kPa between return and suction for 10 min',
    shows: aboveOther('p_ret_kpa', { at: station, signal: 'p_suct_kpa' }, 50, 600),
    withinH: 6.3,
  },
]
