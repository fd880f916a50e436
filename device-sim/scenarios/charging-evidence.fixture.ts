import type { StopReason } from '../../firmware-contracts/words.ts'
import { above, below, every, rises, type Evidence, type Sign } from './signs.fixture.ts'

/** C01 to C11. */

/** So many sessions of a port ended like this. */
const stopped =
  (reasons: readonly StopReason[], times: number): Sign =>
  (heard, at) => {
    const ends = heard.readings(at).flatMap(({ values }) => values['stop_reason'] ?? [])
    return ends.filter((reason) => reasons.some((each) => each === reason)).length >= times
  }

/** Current although the relay was told to open, in samples so far apart. */
const conductsOpen =
  (ma: number, forS: number): Sign =>
  (heard, at) => {
    const open = heard.readings(at).filter(({ values }) => values['relay_cmd'] === 0)
    const conducting = open.filter(({ values }) => Number(values['i_ma'] ?? 0) > ma).map(({ t }) => t)
    return Math.max(...conducting) - Math.min(...conducting) >= forS * 1000
  }

const ports = Array.from({ length: 12 }, (_, index) => `p${String(index + 1).padStart(2, '0')}`)

export const chargingEvidence: readonly Evidence[] = [
  {
    rule: 'C01',
    scenario: 'shed-fire',
    at: 'hengkang-shed2-charger',
    says: 'smoke in two samples',
    shows: above('smoke', 0, 2),
    withinH: 2.15,
  },
  {
    rule: 'C01',
    scenario: 'false-smoke',
    at: 'hengkang-shed1-charger',
    says: 'smoke in two samples',
    shows: above('smoke', 0, 2),
    withinH: 3.2,
  },
  {
    rule: 'C02',
    scenario: 'shed-fire',
    at: 'hengkang-shed2-charger/p05',
    says: '65 °C for 10 s',
    shows: above('t_port_c10', 649, 10),
    withinH: 2.2,
  },
  {
    rule: 'C02',
    scenario: 'hot-socket',
    at: 'hengkang-shed2-charger/p08',
    says: '5 K/min faster for two minutes',
    shows: rises('t_port_c10', 100, 120),
    withinH: 3,
  },
  {
    rule: 'C03',
    scenario: 'hot-socket',
    at: 'hengkang-shed1-charger/p03',
    says: '55 °C for a minute',
    shows: above('t_port_c10', 549, 60),
    withinH: 3,
  },
  {
    rule: 'C04',
    scenario: 'welded-relay',
    at: 'hengkang-shed2-charger/p05',
    says: 'more than 100 mA for 10 s through a relay that was told to open',
    shows: conductsOpen(100, 10),
    withinH: 1.2,
  },
  {
    rule: 'C05',
    scenario: 'overloaded-socket',
    at: 'hengkang-shed1-charger/p07',
    says: 'three stops for too much current in a day',
    shows: stopped(['over_current', 'overload'], 3),
    withinH: 6,
  },
  {
    rule: 'C06',
    scenario: 'earth-leakage',
    at: 'hengkang-shed1-charger/p02',
    says: 'more than 30 mA to earth',
    shows: above('i_res_ma', 30, 0),
    withinH: 1.2,
  },
  {
    rule: 'C07',
    scenario: 'dead-ports',
    at: 'hengkang-shed2-charger/p01',
    says: 'three sessions without power',
    shows: stopped(['no_power'], 3),
    withinH: 3,
  },
  {
    rule: 'C07',
    scenario: 'dead-ports',
    at: 'hengkang-shed2-charger/p11',
    says: 'a blown fuse',
    shows: above('fuse', 0, 0),
    withinH: 3,
  },
  {
    rule: 'C08',
    scenario: 'never-full',
    at: 'hengkang-shed3-charger/p04',
    says: 'a session that its limit of 10 h ends',
    shows: every(stopped(['time_limit'], 1), above('sdur_s', 35_990, 0)),
    withinH: 11.5,
  },
  {
    rule: 'C09',
    scenario: 'sagging-feeder',
    at: 'hengkang-shed1-charger',
    says: 'below 198 V for a minute',
    shows: below('u_dv', 1_980, 60),
    withinH: 1.2,
  },
  {
    rule: 'C09',
    scenario: 'sagging-feeder',
    at: 'hengkang-shed1-charger',
    says: 'all ports without voltage',
    shows: every(
      ...ports.map(
        (port): Sign =>
          (heard, at) =>
            below('u_dv', 1, 30)(heard, `${at}/${port}`),
      ),
    ),
    withinH: 3,
  },
  {
    rule: 'C10',
    scenario: 'crowded-shed',
    at: 'hengkang-shed2-charger',
    says: 'more than 8.7 kW for 10 s',
    shows: above('p_total_w', 8_700, 10),
    withinH: 2,
  },
  {
    rule: 'C11',
    scenario: 'open-door',
    at: 'hengkang-shed3-charger',
    says: 'its door open for 10 min',
    shows: above('door', 0, 600),
    withinH: 1.5,
  },
]
