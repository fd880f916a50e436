import type { Kind } from '../../../firmware-contracts/message.ts'
import type { BilingualText, Tree } from '../../../estate/registry.ts'
import type { Severity } from '../../../estate/work-order.ts'
import type { Timing } from '../alarm.ts'
import type { SiteParameters } from '../parameters.ts'
import type { SeasonMode } from '../season.ts'
import type { Place } from '../places.ts'
import type { Values } from '../sample.ts'
import type { Senses } from '../senses.ts'

/** What a fault rule is: the row it has in the table (table.ts), and the conditions that raise its alarms.
 *
 *  A rule of a domain lies in four places: its row (heating-rules.ts), its conditions (heating-conditions.ts), what
 *  they remember of the past (heating-senses.ts), and its numbers (heating-parameters.ts), which every site may
 *  have of its own. Conditions are small functions without time of their own: delays belong to the alarm
 *  (alarm.ts). Two limits a hysteresis apart, so that a value hovering at one of them does not open an order every
 *  ten seconds. */

/** In the order of the catalogue (domain.md B). D02 is no row: it is what silence is called that many share. */
export const ruleIds = [
  'H01',
  'H02',
  'H03',
  'H04',
  'H05',
  'H06',
  'H07',
  'H08',
  'H09',
  'H10',
  'H11',
  'H12',
  'W01',
  'W02',
  'W03',
  'W04',
  'W05',
  'W06',
  'W07',
  'W08',
  'C01',
  'C02',
  'C03',
  'C04',
  'C05',
  'C06',
  'C07',
  'C08',
  'C09',
  'C10',
  'C11',
  'D01',
  'D03',
  'D04',
  'D05',
  'D06',
  'D07',
  'D08',
  'D09',
] as const
export type RuleId = (typeof ruleIds)[number]

/** Alarms of one class at one root are one fault, and one work order. */
export const causeClasses = [
  'pressure-loss',
  'over-pressure',
  'circulation-lost',
  'make-up-unavailable',
  'supply-off-curve',
  'house-flow-lost',
  'cold-rooms',
  'freezing',
  'strainer-clogged',
  'water-main-burst',
  'household-burst',
  'household-leak',
  'hidden-leak',
  'reverse-flow',
  'meter-tampered',
  'meter-freezing',
  'meter-stopped',
  'smoke',
  'overheating',
  'relay-welded',
  'port-overload',
  'earth-leakage',
  'port-dead',
  'overtime',
  'supply-abnormal',
  'shed-overload',
  'door-open',
  'silence',
  'sensor-fault',
  'clock-drift',
  'doubtful-numbers',
  'reboot-loop',
  'battery-low',
  'contract-violation',
] as const
export type CauseClass = (typeof causeClasses)[number]

export interface Rule {
  id: RuleId
  title: BilingualText
  cause: BilingualText
  action: BilingualText
  kinds: readonly Kind[]
  /** Which places of these kinds. */
  at: (place: Place) => boolean
  /** Any of them raises an alarm of the rule; each with its own on-delay, hysteresis and off-delay. */
  conditions: readonly Condition[]
  severity: (kind: Kind) => Severity
  /** Modes of the station's year in which it is watched; in others its alarms are suppressed by design. Absent =
   *  always. */
  watchedIn?: readonly SeasonMode[]
  /** Only once the station has been in such modes for so long that its houses have followed (`season.settleMs`). */
  onceSettled?: true
  /** The alarm stays until a person has inspected the place. */
  latch: boolean
  /** Opens at once and is never swallowed by anything. */
  lifeSafety: boolean
  /** Signals to attach to the order. */
  evidence: readonly string[]
  causeClass: CauseClass
  /** Who feels it: the houses below the place, the house it stands in, the charging ports at the place or below it,
   *  the place itself, or nobody. */
  affects: 'houses-below' | 'its-house' | 'its-ports' | 'its-place' | 'nobody'
  /** Trees in which something upstream may explain it. */
  trees: readonly Tree[]
  /** Rules that this one explains at the same place and below it: they are suppressed, not lost. */
  swallows: readonly RuleId[]
  /** Of these, those that it explains only when they began after it: a fire brings the dark, not the dark before it. */
  aftermath?: readonly RuleId[]
  /** Of these, those that go on speaking of it when it is over, because they mend slowly (a house that went cold):
   *  they neither keep its order from being closed nor open one of their own while it is remembered. */
  echoes?: readonly RuleId[]
  /** A root by nature: opens its incident without waiting whether it is somebody's child. */
  opensAtOnce: (kind: Kind, port?: string) => boolean
  /** Caused by people at work: while an incident is open at its place or below it, it is put down to its repair. */
  byRepair?: boolean
  /** Only alarms that begin together (correlation.togetherMs) speak for a common cause. */
  onlyTogether: boolean
  /** How long it waits for an order when nothing else shares its cause, ms; absent: no longer than the hold-off. */
  aloneMs?: (limits: SiteParameters, kind: Kind) => number
  /** So many of its kin (see `Raised`) at one estate are one fault, of their make. */
  kinAtLeast?: (limits: SiteParameters['correlation']) => number
  /** What the fault is called where only its children show it. */
  inferred?: {
    id: string
    title: BilingualText
    severity: Severity
    /** How many of them, and what share of all that could, have to, where it is not what `correlation` says. */
    atLeast?: number
    share?: number
    /** Of places that would explain it equally well it is the nearest, not the highest. */
    isNearest?: true
    /** Rules that it explains besides where a whole site is its root: no silent device explains a pump that stands,
     *  but a power cut does. */
    siteSwallows?: readonly RuleId[]
  }
}

/** What a condition may look at, besides the values of the sample: the past of its place, and of what lies above it
 *  (of a house its station, of a port its controller, of a flat's meter the building's, of a room its house). */
export interface Seen {
  readonly place: Place
  readonly senses: Senses
  /** Sampling time of the newest sample, epoch ms, and in which life of the device it was. */
  readonly t: number
  readonly boot: number
  readonly upstream?: Seen
}

/** `nothing`: this sample does not speak of the condition; the alarm stays as it is. `trip`: a breach that needs no
 *  second sample, because the device itself has acted on it or says in one event all there is to know. */
export type Verdict = 'trip' | 'breach' | 'between' | 'calm' | 'nothing'

export interface Condition {
  /** Distinguishes the conditions of one rule: its alarm is `H01.level` or `H01.fall`. */
  name: string
  /** The signal it judges. A quality of F on it means no data. */
  signal: string
  timing: (limits: SiteParameters) => Pick<Timing, 'onDelayMs' | 'offDelayMs'>
  judge: (seen: Seen, values: Values) => Verdict
  /** The limit it crosses, in the unit of the signal, as evidence. */
  limit: (seen: Seen) => number | undefined
  /** What is measured, where it is not the signal itself but made of it: the worst is kept as evidence. */
  value?: (seen: Seen) => number | undefined
  /** For a pressure: the level it fell from, of the last quarter of an hour. */
  levelBefore?: (seen: Seen) => number
  /** The lower, the worse: the lowest value is kept as evidence, not the highest. */
  lowest?: boolean
  /** Where one condition is graver, or less grave, than its rule. */
  severity?: Severity
  /** Nothing but its own class may explain it: a pressure that falls fast is a burst, whatever else is the matter. */
  ownCause?: true
  /** Where only some places of the rule have it. */
  at?: (place: Place) => boolean
  /** Judged by what its device says and when (device-health.ts), not by its samples. */
  ofDevice?: true
  /** Judges the sensor, not what it measures: it also sees what no rule of the plant believes. */
  ofSensor?: true
}

export const everywhere = () => true
export const never = () => false
/** Of a charger: one of its ports, or the shed as a whole. */
export const isPort = ({ port }: Place) => port !== undefined
export const isShed = ({ port }: Place) => port === undefined

export function below(value: number | undefined, limit: number | undefined, hysteresis: number): Verdict {
  if (value === undefined || limit === undefined) return 'nothing'
  if (value < limit) return 'breach'
  return value < limit + hysteresis ? 'between' : 'calm'
}

export function above(value: number | undefined, limit: number | undefined, hysteresis: number): Verdict {
  if (value === undefined || limit === undefined) return 'nothing'
  if (value > limit) return 'breach'
  return value > limit - hysteresis ? 'between' : 'calm'
}

/** Like `above`, but the limit itself is too much. */
export function reaching(value: number | undefined, limit: number, hysteresis: number): Verdict {
  return value === limit ? 'breach' : above(value, limit, hysteresis)
}
