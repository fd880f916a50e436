import type { IncidentChange } from '../changes.ts'
import {
  entranceOf,
  houses,
  inOrder,
  latest,
  minute,
  morning,
  newEngine,
  says,
  tellAll,
  ticks,
  twentyHouses,
  type Event,
} from '../twenty-houses.fixture.ts'

/** For tests only: what a station and its houses say on a winter morning, and what differs from it for a while. */

type Values = Record<string, number>

/** One degree below zero, everything as it should be. */
export const ordinaryStation: Values = {
  p_ret_kpa: 224,
  dp_kpa: 130,
  t_sup_c10: 620,
  t_ret_c10: 440,
  flow_lph: 88_000,
  mu_lph: 130,
  tank_pct: 80,
  pump_run: 1,
  pump_fault: 0,
  mu_fault: 0,
  t_out_c10: -10,
}

export const ordinaryHouse: Values = {
  p_ret_kpa: 227,
  dp_kpa: 123,
  t_sup_c10: 615,
  t_ret_c10: 440,
  flow_lph: 4_400,
}

/** From minute `from` on, until the next stretch of the same speaker. */
export interface Stretch {
  from: number
  values: Values | ((minute: number) => Values)
}

export interface Story {
  minutes: number
  station?: readonly Stretch[] | 'silent'
  /** By number of the house; a house that is not named says nothing. */
  houses?: Readonly<Record<number, readonly Stretch[]>>
  /** Flat -> room temperature, °C. */
  rooms?: Readonly<Record<string, (minute: number) => number>>
  /** Minutes at which the power of the station is gone: it says nothing, and boots afterwards. */
  dark?: { from: number; to: number }
  /** A house whose line is dead for a while. */
  unheard?: { house: number; from: number; to: number }
}

export const sayingRooms = ['201', '401', '601'].map((flat) => `hengkang-b06-r${flat}`)

/** The estate with three thermometers on a riser of building 6. */
const withRooms = {
  ...twentyHouses,
  nodes: [
    ...twentyHouses.nodes,
    {
      id: 'hengkang-b06-riser',
      type: 'pipe-section' as const,
      site: 'hengkang',
      name: { zh: '6号楼立管', en: 'Building 6, riser' },
      inside: 'hengkang-b06',
      hydraulic: 'hengkang-b06',
    },
    ...sayingRooms.map((id) => ({
      id,
      type: 'room' as const,
      site: 'hengkang',
      name: { zh: '室', en: `Flat ${id.slice(-3)}` },
      inside: 'hengkang-b06',
      hydraulic: 'hengkang-b06-riser',
      households: 1,
    })),
  ],
  devices: [
    ...twentyHouses.devices,
    ...sayingRooms.map((id) => ({
      id: `${id}-room`,
      kind: 'room-sensor' as const,
      site: 'hengkang',
      node: id,
      comms: 'hengkang-b06-gw',
    })),
  ],
}

const stationEveryMs = 20_000

function valuesAt(stretches: readonly Stretch[], atMinute: number): Values {
  const current = stretches.findLast(({ from }) => from <= atMinute)?.values ?? {}
  return typeof current === 'function' ? current(atMinute) : current
}

/** A gauge that shows the very same for hours is stuck. */
const flicker = (count: number) => count % 3

/** Three gauges of one loop agree: supply is return and difference, suction what the strainer leaves of the return. */
function consistent(said: Values, flickerKpa: number): Values {
  const { p_ret_kpa, dp_kpa = 0 } = said
  if (p_ret_kpa === undefined) return said
  const back = p_ret_kpa + flickerKpa
  return { p_sup_kpa: back + dp_kpa, p_suct_kpa: Math.max(0, back - 6), ...said, p_ret_kpa: back }
}

function speech(
  device: string,
  { minutes, dark }: Pick<Story, 'minutes' | 'dark'>,
  everyMs: number,
  of: (atMinute: number) => Values,
): Event[] {
  return Array.from({ length: Math.floor((minutes * minute) / everyMs) }, (_, count) => {
    const atMs = morning + count * everyMs
    const atMinute = (count * everyMs) / minute
    if (dark && atMinute >= dark.from && atMinute < dark.to) return []
    const event = says({ device, atMs, values: consistent(of(atMinute), flicker(count)) })
    if (event.type !== 'reading' || !dark || atMinute < dark.to) return [event]
    return [{ ...event, reading: { ...event.reading, boot: 2 } }]
  }).flat()
}

export function tellStory(story: Story): IncidentChange[] {
  const { minutes, station = [], houses: told = {}, rooms = {}, unheard } = story
  const isHeard = (house: number, { atMs }: Event) =>
    house !== unheard?.house ||
    atMs < morning + unheard.from * minute ||
    atMs >= morning + unheard.to * minute
  const events = [
    ...(station === 'silent'
      ? []
      : speech('hengkang-station-heat', story, stationEveryMs, (at) => ({
          ...ordinaryStation,
          ...valuesAt(station, at),
        }))),
    ...Object.entries(told).flatMap(([number, stretches]) =>
      speech(entranceOf(houses[Number(number) - 1] ?? ''), { minutes }, minute, (at) => ({
        ...ordinaryHouse,
        ...valuesAt(stretches, at),
      })).filter((event) => isHeard(Number(number), event)),
    ),
    ...Object.entries(rooms).flatMap(([room, of]) =>
      speech(`${room}-room`, { minutes }, 15 * minute, (at) => ({ t_room_c10: Math.round(of(at) * 2) * 5 })),
    ),
    ...ticks(morning, morning + minutes * minute, 15_000),
  ]
  return tellAll(newEngine(withRooms), inOrder(events))
}

/** Place, rule and severity of each order that is left when the story is over; devices that fall silent apart. */
export function ordersOf(story: Story): string[] {
  return latest(tellStory(story))
    .filter(({ causeClass }) => causeClass !== 'silence' && causeClass !== 'sensor-fault')
    .map(({ root, rule, severity }) => `${rule} ${root.replace('hengkang-', '')} ${severity}`)
    .toSorted()
}
