import type { KindContract, StreamName } from './kind-contract.ts'
import { kinds, type Kind } from './message.ts'
import { periodOf, type Signal, type Signals } from './signal.ts'
import { charger } from './kinds/charger.ts'
import { gateway } from './kinds/gateway.ts'
import { heatEntrance } from './kinds/heat-entrance.ts'
import { heatStation } from './kinds/heat-station.ts'
import { roomSensor } from './kinds/room-sensor.ts'
import { waterMeter } from './kinds/water-meter.ts'

/** What each kind of device says, how often, and how long one may believe it. */

export const contracts: Readonly<Record<Kind, KindContract>> = {
  charger,
  'heat-station': heatStation,
  'heat-entrance': heatEntrance,
  'room-sensor': roomSensor,
  'water-meter': waterMeter,
  gateway,
}

export function isKind(text: string): text is Kind {
  return kinds.some((kind) => kind === text)
}

/** The version the server speaks, as a device writes it: `heat-entrance/1.0`. */
export function contractOf(kind: Kind): string {
  const { major, minor } = contracts[kind]
  return `${kind}/${major}.${minor}`
}

/** Everything the device itself (`device`) or one of its ports (`port`) may say, over all streams. */
export function signalsOf(kind: Kind, of: 'device' | 'port' = 'device'): Signals {
  return everySignal[of][kind]
}

const everySignal = {
  device: byKind((kind) => gathered(kind, false)),
  port: byKind((kind) => gathered(kind, true)),
}

function gathered(kind: Kind, ofPort: boolean): Signals {
  const streams = Object.entries(contracts[kind].streams)
  const wanted = streams.filter(([name]) => name.endsWith('/port') === ofPort)
  return Object.fromEntries(wanted.flatMap(([, stream]) => Object.entries(stream.signals)))
}

function byKind<T>(make: (kind: Kind) => T): Record<Kind, T> {
  return {
    charger: make('charger'),
    'heat-station': make('heat-station'),
    'heat-entrance': make('heat-entrance'),
    'room-sensor': make('room-sensor'),
    'water-meter': make('water-meter'),
    gateway: make('gateway'),
  }
}

/** One signal by its wire name; that of the device before that of its ports. */
export function signalOf(kind: Kind, name: string): Signal | undefined {
  const own = signalsOf(kind)
  if (Object.hasOwn(own, name)) return own[name]
  const ports = signalsOf(kind, 'port')
  return Object.hasOwn(ports, name) ? ports[name] : undefined
}

/** Wire name -> place in the contract that a message names (`heat-entrance/1.0`); empty for an unknown kind. */
export function signalOrder(contract: string): ReadonlyMap<string, number> {
  const kind = contract.slice(0, contract.indexOf('/'))
  return isKind(kind) ? order[kind] : unordered
}

const unordered: ReadonlyMap<string, number> = new Map()
const order = byKind(
  (kind): ReadonlyMap<string, number> =>
    new Map(
      Object.keys({ ...signalsOf(kind), ...signalsOf(kind, 'port') }).map((name, place) => [name, place]),
    ),
)

/** Longest interval between two messages of a stream, s; 0 = only when something happens. */
export function streamPeriodS(kind: Kind, stream: StreamName): number | undefined {
  return contracts[kind].streams[stream]?.periodS
}

/** Three periods missed, and never less than three minutes: one lost message is weather. */
const periodsMissed = 3
const atLeastMs = 180_000

/** Age at which a value is no longer believed and is shown as unknown, ms.
 *
 *  `name` is a signal (`p_ret_kpa`) or a stream (`tele`, `state/port`). `declaredS` is the `period_s` of the
 *  device's birth message: a meter that only uploads once a day is not silent after three minutes. What is sent
 *  only when it happens never grows old: Infinity. An unknown name gets the three minutes. */
export function staleAfterMs(
  kind: Kind,
  name: string,
  declaredS: Readonly<Record<string, number>> = {},
): number {
  const periodS = expectedPeriodS(kind, name, declaredS)
  if (periodS === 0) return Infinity
  return Math.max(periodsMissed * periodS * 1000, atLeastMs)
}

function expectedPeriodS(kind: Kind, name: string, declaredS: Readonly<Record<string, number>>): number {
  const streams = Object.entries(contracts[kind].streams)
  const stream = streams.find(([stream]) => stream === name)
  if (stream) return declaredS[name] ?? stream[1].periodS
  const signal = signalOf(kind, name)
  if (!signal) return atLeastMs / periodsMissed / 1000
  const declared = streams
    .filter(([, { signals }]) => Object.hasOwn(signals, name))
    .flatMap(([stream]) => declaredS[stream] ?? [])
  const usual = periodOf(signal)
  return declared.length === 0 || usual === 0 ? usual : Math.max(usual, Math.min(...declared))
}
