import { severities, type Severity } from './work-order.ts'

/** How good are the alarms? What EEMUA 191 and ISA-18.2 ask of an alarm system (domain.md C), computed from what came
 *  up in a stretch of time. A rule that shouts often, flutters, or is never acted on wants tuning: the page is for
 *  whoever owns the rules. */

/** One time that an alarm came up. */
export interface AlarmOccurrence {
  key: string
  rule: string
  node: string
  severity: Severity
  /** Epoch ms. */
  raisedMs: number
  /** Null while it stands. */
  clearedMs: number | null
  /** It joined an incident that was known already: nobody had to read it. */
  explained: boolean
}

/** What became of an order. */
export interface OrderOutcome {
  rule: string
  /** A person did something about it, besides confirming or cancelling. */
  actedOn: boolean
  /** Closed as no fault. */
  cancelled: boolean
  open: boolean
}

export interface RuleQuality {
  rule: string
  raised: number
  explained: number
  /** What people had to read: raised and not explained. */
  announced: number
  /** Of all that were announced. */
  share: number
  /** Places at which it came up three times or more within an hour. */
  chattering: number
  /** Standing for more than a day now. */
  standing: number
  orders: number
  /** Closed orders that nobody did anything about. */
  neverActedOn: number
  cancelled: number
}

export interface AlarmQuality {
  fromMs: number
  toMs: number
  operators: number
  raised: number
  announced: number
  /** EEMUA 191: 6 is acceptable, 12 the most that can be managed. */
  announcedPerOperatorHour: number
  /** Share of the ten-minute stretches in which ten alarms or more came up for each operator; below 0.01 is good. */
  floodShare: number
  /** Busiest ten minutes, alarms for each operator. */
  busiest: number
  chattering: number
  standing: number
  /** Share of the ten loudest pairs of rule and place; 1 to 5 % is good. */
  topTenShare: number
  topTen: readonly { rule: string; node: string; announced: number }[]
  /** Shares of P1, P2, and P3 with P4; the aim is 0.05, 0.15, 0.80. */
  split: { high: number; medium: number; low: number }
  /** The loudest first. */
  rules: readonly RuleQuality[]
}

const hourMs = 3_600_000
const stretchMs = 600_000
const floodOf = 10
const chatterTimes = 3
const staleMs = 24 * hourMs

/** `toMs` is now, or the end of a stretch that is over. */
export function alarmQuality(
  { occurrences, orders }: { occurrences: readonly AlarmOccurrence[]; orders: readonly OrderOutcome[] },
  { fromMs, toMs, operators }: { fromMs: number; toMs: number; operators: number },
): AlarmQuality {
  const announced = occurrences.filter(({ explained }) => !explained)
  const stretches = countBy(announced, ({ raisedMs }) => Math.floor((raisedMs - fromMs) / stretchMs))
  const perOperator = [...stretches.values()].map((count) => count / operators)
  const flooded = perOperator.filter((count) => count >= floodOf).length
  const rules = ruleQualities(occurrences, orders, toMs)
  const loudest = topTen(announced)
  return {
    fromMs,
    toMs,
    operators,
    raised: occurrences.length,
    announced: announced.length,
    announcedPerOperatorHour: ratio(announced.length * hourMs, (toMs - fromMs) * operators),
    floodShare: ratio(flooded, Math.ceil((toMs - fromMs) / stretchMs)),
    busiest: Math.max(0, ...perOperator),
    chattering: sum(rules.map(({ chattering }) => chattering)),
    standing: sum(rules.map(({ standing }) => standing)),
    topTenShare: ratio(sum(loudest.map((each) => each.announced)), announced.length),
    topTen: loudest,
    split: splitOf(announced),
    rules,
  }
}

function ruleQualities(
  occurrences: readonly AlarmOccurrence[],
  orders: readonly OrderOutcome[],
  nowMs: number,
): RuleQuality[] {
  const all = occurrences.filter(({ explained }) => !explained).length
  const ruleIds = new Set([...occurrences, ...orders].map(({ rule }) => rule))
  return [...ruleIds]
    .map((rule) => {
      const own = occurrences.filter((occurrence) => occurrence.rule === rule)
      const ordered = orders.filter((order) => order.rule === rule)
      const explained = own.filter((occurrence) => occurrence.explained).length
      const announced = own.length - explained
      return {
        rule,
        raised: own.length,
        explained,
        announced,
        share: ratio(announced, all),
        chattering: chatteringPlaces(own),
        standing: own.filter(({ raisedMs, clearedMs }) => clearedMs === null && nowMs - raisedMs > staleMs)
          .length,
        orders: ordered.length,
        neverActedOn: ordered.filter(({ actedOn, open }) => !actedOn && !open).length,
        cancelled: ordered.filter(({ cancelled }) => cancelled).length,
      }
    })
    .sort((a, b) => b.announced - a.announced || b.raised - a.raised || (a.rule < b.rule ? -1 : 1))
}

function chatteringPlaces(occurrences: readonly AlarmOccurrence[]): number {
  const times = new Map<string, number[]>()
  for (const { key, raisedMs } of occurrences) times.set(key, [...(times.get(key) ?? []), raisedMs])
  return [...times.values()].filter(flutters).length
}

function flutters(raisedMs: readonly number[]): boolean {
  const ascending = raisedMs.toSorted((a, b) => a - b)
  return ascending.some((atMs, index) => {
    const third = ascending[index + chatterTimes - 1]
    return third !== undefined && third - atMs < hourMs
  })
}

function topTen(announced: readonly AlarmOccurrence[]): { rule: string; node: string; announced: number }[] {
  const counts = countBy(announced, ({ rule, node }) => `${rule}|${node}`)
  return [...counts]
    .map(([pair, count]) => {
      const [rule = '', node = ''] = pair.split('|')
      return { rule, node, announced: count }
    })
    .sort((a, b) => b.announced - a.announced || (`${a.rule}${a.node}` < `${b.rule}${b.node}` ? -1 : 1))
    .slice(0, 10)
}

function splitOf(announced: readonly AlarmOccurrence[]): AlarmQuality['split'] {
  const counts = countBy(announced, ({ severity }) => severity)
  const [high = 0, medium = 0, ...low] = severities.map((severity) => counts.get(severity) ?? 0)
  const total = announced.length
  return { high: ratio(high, total), medium: ratio(medium, total), low: ratio(sum(low), total) }
}

function countBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, number> {
  const counts = new Map<Key, number>()
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1)
  return counts
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function ratio(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0
}
