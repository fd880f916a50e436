import type { Kind } from '../../../firmware-contracts/message.ts'

/** What is physically believable of each sensor (D03, D04), in the units and steps of its wire name.
 *
 *  A sensor is *stuck* when it does not move by more than its own resolution for hours, while its reference does: its
 *  sister, another sensor of the same device that is sampled with it, or the same sensor of the station above. So only
 *  a signal whose sister must move with it has one: a full tank, a closed valve, a half-degree thermometer in a flat
 *  and a calm port stand still for days and are well. */
export interface SensorFacts {
  signal: string
  /** Sampled together with this one: where it comes and this one does not, this one is missing. */
  sister?: string
  /** How far its reference has to move. */
  movesBy?: number
  /** Smallest step of the sensor; 1 unless said. */
  resolution?: number
  /** The same sensor of the station above is a reference as well. */
  byStation?: true
  /** Up to here it may stand still: a pump is off; a valve is shut, and seeps less than its meter tells apart. */
  restsUpTo?: number
  /** Longer than the usual hours (D03.stuckMs), by this factor. */
  patience?: number
  /** The end of its range, which no healthy plant reaches: a broken wire. */
  rail?: number
  /** The same at its lower end. */
  lowRail?: number
  /** Up and down by as much from sample to sample is no plant. */
  jump?: number
  /** What jumps has to be confirmed by the next sample before anybody believes it; not so a pressure, which may really
   *  collapse within a second, nor what tells of a fire. */
  confirmed?: true
}

const pressure = (signal: string, sister: string, rail = 1_600): SensorFacts => {
  return { signal, sister, movesBy: 5, byStation: true, rail, jump: 60 }
}
const temperature = (signal: string, sister: string): SensorFacts => {
  return { signal, sister, movesBy: 10, byStation: true, rail: 1_300, jump: 100, confirmed: true }
}

const water: readonly SensorFacts[] = [
  pressure('p_sup_kpa', 'p_ret_kpa'),
  pressure('p_ret_kpa', 'p_sup_kpa'),
  { ...pressure('dp_kpa', 'p_sup_kpa', 400), restsUpTo: 0 },
  temperature('t_sup_c10', 't_ret_c10'),
  temperature('t_ret_c10', 't_sup_c10'),
  { signal: 'flow_lph', sister: 'dp_kpa', movesBy: 5, restsUpTo: 50, rail: 500_000 },
]

const device: Readonly<Record<Kind, readonly SensorFacts[]>> = {
  'heat-entrance': water,
  'heat-station': [
    ...water,
    pressure('p_suct_kpa', 'p_ret_kpa', 1_000),
    {
      signal: 't_out_c10',
      sister: 't_sup_c10',
      movesBy: 50,
      resolution: 5,
      patience: 2,
      rail: 600,
      lowRail: -400,
      jump: 50,
      confirmed: true,
    },
    { signal: 'mu_lph', sister: 'mu_l', rail: 20_000 },
    { signal: 'tank_pct' },
  ],
  'room-sensor': [{ signal: 't_room_c10', rail: 600, lowRail: -400, jump: 50, confirmed: true }],
  'water-meter': [
    { signal: 'vol_l' },
    { signal: 'flow_lph' },
    { signal: 'p_kpa', rail: 1_000, jump: 150 },
    { signal: 't_wat_c10', rail: 600 },
    { signal: 't_amb_c10', rail: 600 },
  ],
  charger: [
    { signal: 'u_dv', rail: 3_000, jump: 300 },
    { signal: 't_amb_c10', rail: 1_500, lowRail: -400, jump: 100 },
  ],
  gateway: [],
}

const port: readonly SensorFacts[] = [
  { signal: 'u_dv', rail: 3_000, jump: 300 },
  { signal: 'i_ma' },
  { signal: 'p_w10' },
  { signal: 't_port_c10', rail: 1_500, lowRail: -400, jump: 200 },
]

/** The sensors of a device, or of one of its ports. */
export function sensorsOf(place: { kind: Kind; port?: string }): readonly SensorFacts[] {
  return place.port === undefined ? device[place.kind] : port
}
