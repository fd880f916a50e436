import type { Decoded } from '../../firmware-contracts/message.ts'
import type { FaultEngine } from '../../ingest/faults/engine.ts'
import type { IncidentChange } from '../../ingest/faults/changes.ts'
import type { AlarmView } from '../../ingest/faults/alarm-view.ts'
import { scenarioOf, type Job } from './job.ts'
import { lastLine, clock, span } from './print.ts'
import { scoreJob, type ScoredCause, type ScoredOrder, type ScoredRun } from './scored-run.ts'
import { SignalSpans } from './signal-spans.ts'
import { figuresOf, isDetected } from './tally.ts'

/** One run for who writes rules: what broke, which alarms moved and why, what became of them, and, of each cause,
 *  what its devices said before and meanwhile. */
export async function explain(job: Job): Promise<string> {
  const story = new Story()
  const spans = new SignalSpans(job)
  const run = await scoreJob(job, {
    said: (decoded, receivedMs) => {
      if (!decoded.ok) story.refuse(decoded, receivedMs)
      else if (decoded.message.type === 'readings')
        for (const reading of decoded.message.readings) spans.see(reading)
    },
    looked: (engine, nowMs) => story.look(engine, nowMs),
    decided: (changes, nowMs) => story.decide(changes, nowMs),
  })
  story.addCauses(run)
  return [
    heading(job),
    ...story.lines(),
    '',
    ...run.causes.flatMap((cause) => fate(cause, { run, story, spans })),
    ...run.orders.filter(({ verdict }) => verdict !== 'true').map(wrongOrder),
    '',
    lastLine(figuresOf([run])),
    '',
  ].join('\n')
}

function heading(job: Job): string {
  const { about, days } = scenarioOf(job)
  return `${job.name} seed ${job.seed}, ${days} days: ${about}\n`
}

/** Alarms that never lasted as long as their on-delay say how near they came. */
interface Nearly {
  times: number
  longestMs: number
}

/** Of each device. */
const refusalsShown = 5

class Story {
  readonly #told: { atMs: number; text: string }[] = []
  readonly #alarms = new Map<string, AlarmView>()
  readonly #nearly = new Map<string, Nearly>()
  /** Device -> messages of it that could not be read. */
  readonly #refused = new Map<string, number>()
  /** Incident -> what was last said of it. */
  readonly #decided = new Map<string, string>()
  /** Alarm key -> how often it stood. */
  readonly #stood = new Map<string, number>()

  addCauses({ causes }: ScoredRun): void {
    for (const { what, fromMs, untilMs } of causes) {
      this.#tell(fromMs, `== ${what}`)
      this.#tell(untilMs, `== end of ${what}`)
    }
  }

  refuse({ refusal, address }: Extract<Decoded, { ok: false }>, nowMs: number): void {
    const device = address?.device ?? 'somebody'
    const times = (this.#refused.get(device) ?? 0) + 1
    this.#refused.set(device, times)
    if (times > refusalsShown) return
    const { reason, path, expected, got } = refusal
    const end = times === refusalsShown ? ' (and no more of these)' : ''
    this.#tell(nowMs, `   ${device} refused: ${reason} ${path}, expected ${expected}, got ${got}${end}`)
  }

  look(engine: FaultEngine, nowMs: number): void {
    const now = new Map(engine.alarms().map((alarm) => [alarm.key, alarm]))
    for (const [key, alarm] of now) this.#follow(this.#alarms.get(key), alarm, nowMs)
    for (const [key, alarm] of this.#alarms) if (!now.has(key)) this.#gone(alarm, nowMs)
    this.#alarms.clear()
    for (const [key, alarm] of now) this.#alarms.set(key, alarm)
  }

  decide(changes: readonly IncidentChange[], nowMs: number): void {
    for (const change of changes) {
      const text = textOf(change)
      const key = change.type === 'merged' ? change.from : keyOf(change)
      if (this.#decided.get(key) !== text) this.#tell(nowMs, `>> ${text}`)
      this.#decided.set(key, text)
    }
  }

  lines(): string[] {
    return this.#told.toSorted((a, b) => a.atMs - b.atMs).map(({ atMs, text }) => `${clock(atMs)} ${text}`)
  }

  /** Of a rule at a place: how often an alarm stood, and how near one came. */
  historyOf(rule: string, isThere: (node: string) => boolean): string {
    const parts = (key: string) => key.split('|')
    const mine = (key: string) => key.startsWith(`${rule}.`) && isThere(parts(key)[1] ?? '')
    const stood = [...this.#stood]
      .filter(([key]) => mine(key))
      .map(([key, times]) => `${key} stood ${times}×`)
    const nearly = [...this.#nearly]
      .filter(([key]) => mine(key))
      .map(([key, { times, longestMs }]) => `${key} pending ${times}×, at most ${span(longestMs / 1_000)}`)
    return [...stood, ...nearly].join('; ') || 'never even pending there'
  }

  #follow(was: AlarmView | undefined, alarm: AlarmView, nowMs: number): void {
    if (was?.state === alarm.state && was.beneath === alarm.beneath) return
    if (alarm.state === 'pending') return
    if (was?.state === 'pending' && alarm.state === 'unknown') this.#gone(was, nowMs)
    if (!was || was.state === 'pending' || was.state === 'returned-unacknowledged')
      this.#stood.set(alarm.key, (this.#stood.get(alarm.key) ?? 0) + 1)
    this.#tell(nowMs, `   ${alarm.key} ${stateOf(alarm)}${numbersOf(alarm)}: ${alarm.why}`)
  }

  #gone(was: AlarmView, nowMs: number): void {
    if (was.state !== 'pending') return this.#tell(nowMs, `   ${was.key} normal again`)
    const known = this.#nearly.get(was.key) ?? { times: 0, longestMs: 0 }
    const longestMs = Math.max(known.longestMs, nowMs - was.sinceMs)
    this.#nearly.set(was.key, { times: known.times + 1, longestMs })
  }

  #tell(atMs: number, text: string): void {
    this.#told.push({ atMs, text })
  }
}

function stateOf({ state, beneath }: AlarmView): string {
  return beneath === undefined ? state : `${state} (${beneath})`
}

function numbersOf({ signal, value, limit }: AlarmView): string {
  if (value === undefined) return ''
  return ` [${signal} ${Math.round(value)}${limit === undefined ? '' : `, limit ${Math.round(limit)}`}]`
}

function keyOf(change: Exclude<IncidentChange, { type: 'merged' }>): string {
  return change.type === 'recovered' ? change.key : change.report.key
}

function textOf(change: IncidentChange): string {
  switch (change.type) {
    case 'opened':
    case 'updated': {
      const { key, rule, severity, root, reason, evidence } = change.report
      return `${change.type} ${key}: ${rule} ${severity} at ${root}, ${evidence.length} alarms: ${reason.en}`
    }
    case 'recovered':
      return `recovered ${change.key}: ${change.reason.en}`
    case 'merged':
      return `merged ${change.from} into ${change.into}: ${change.reason.en}`
  }
}

function fate(
  cause: ScoredCause,
  { run, story, spans }: { run: ScoredRun; story: Story; spans: SignalSpans },
): string[] {
  const order = run.orders.find(({ cause: named, verdict }) => named === cause.what && verdict === 'true')
  const found = isDetected(cause) && order
  const verdict = found
    ? `found after ${span(((cause.detectedMs ?? 0) - cause.fromMs) / 1_000)} by ${order.order}: ${order.title} (${order.rule} at ${order.root})`
    : 'MISSED'
  const places = new Set(cause.places)
  return [
    `${cause.what} (${cause.rules.join(' ')}, ${cause.severity}): ${verdict}`,
    ...cause.rules.map((rule) => `  ${rule}: ${story.historyOf(rule, (node) => places.has(node))}`),
    ...(found ? [] : spans.of(cause)),
    '',
  ]
}

function wrongOrder({ verdict, order, rule, root, atMs, title, reason, cause }: ScoredOrder): string {
  const why = cause === undefined ? verdict : `${verdict} order for ${cause}`
  return `${clock(atMs)} ${why}: ${order} ${title} (${rule} at ${root}): ${reason}`
}
