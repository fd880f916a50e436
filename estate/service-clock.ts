import type { CountedLevels, Target } from './service-levels.ts'
import { clockNames, type ClockName, type PauseReason } from './service-words.ts'
import type { Severity, WorkOrder } from './work-order.ts'

/** The clocks of an order: how much of each target has passed. They are never kept anywhere but read from the
 *  order's history, so nothing can be lost, and nothing can run on in a crash.
 *
 *  A clock starts when the order is raised (people cannot answer what nobody has told them yet; the fault itself
 *  may be older) and stops at the first step that does what it asks for. A step stops a clock at its own time
 *  whatever order the steps were written in: the machine's recovery is told late and counts from when it was.
 *
 *  What was finished and comes back, by a relapse or a reopening, is a new round: somebody has to answer, come
 *  and make safe anew, so those clocks begin again. The residents have been without heating both times, so
 *  `restore` goes on from where it stood, also when the machine relapses while people are still at it.
 *
 *  A severity that rises tightens the targets from the start of the order; a clock that has stopped before is
 *  judged by what was known then. A pause stops the clocks its reason names, but never the answer: only who has
 *  taken note of an order can pause it, and he stops that clock by doing so. Nor of a P1 the way there. */

export type ClockState = 'running' | 'paused' | 'met' | 'breached' | 'late-met' | 'void'

export interface ServiceClock {
  clock: ClockName
  targetMs: number
  /** What has been counted so far, ms. */
  elapsedMs: number
  /** `breached`: it was not done in time (and may not be done yet); `late-met`: done, too late; `void`: the
   *  order was cancelled or became part of another before it was due. */
  state: ClockState
  /** Whether it is counting at this moment: not while it is paused, stopped, or nobody is at work. */
  counting: boolean
  /** When it has counted its target, epoch ms; absent while that is not known or no longer matters. */
  dueAtMs?: number
  stoppedAtMs?: number
}

type History = WorkOrder['history']
type Entry = History[number]
type Timed = Pick<WorkOrder, 'history'>

interface Stretch {
  fromMs: number
  /** Infinity while it lasts. */
  toMs: number
}

/** One clock of an order, as its history tells. */
export interface Run {
  clock: ClockName
  target: Target
  severity: Severity
  /** 0 for the first; `restore` has only one. */
  round: number
  /** The times in which it ran, one after the other. */
  stretches: readonly Stretch[]
  stoppedAtMs?: number
  /** It was called off rather than done. */
  calledOff: boolean
  /** At the moment it is looked at. */
  isPaused: boolean
}

/** What does what a clock asks for. Who does a later step has done the earlier ones. */
const stops: Record<ClockName, readonly string[]> = {
  acknowledge: ['acknowledge', 'assign', 'start', 'make-safe', 'resolve'],
  'on-site': ['start', 'resolve'],
  'make-safe': ['make-safe', 'resolve'],
  restore: ['recovered', 'resolve'],
}
const callsOff: readonly string[] = ['cancel', 'merged']
const finishes: readonly string[] = ['resolve', 'verify', 'cancel', 'merged']
const comesBack: readonly string[] = ['relapsed', 'reopen']
const endsPause: ReadonlySet<string> = new Set(['pause', 'resume', ...finishes, ...comesBack])

/** The clocks that have a target, as they stand at `nowMs`. */
export function serviceClocks(order: Timed, levels: CountedLevels, nowMs: number): ServiceClock[] {
  return clockRuns(order, levels, nowMs).map((run) => {
    const { clock, target, stoppedAtMs, calledOff, isPaused } = run
    const elapsedMs = elapsedAt(run, levels, nowMs)
    const isOver = elapsedMs > target.withinMs
    const dueAtMs = reachedAtMs(run, levels, target.withinMs)
    const matters = dueAtMs !== undefined && (stoppedAtMs === undefined ? !isPaused || isOver : isOver)
    return {
      clock,
      targetMs: target.withinMs,
      elapsedMs,
      state: stateOf({ isStopped: stoppedAtMs !== undefined, calledOff, isOver, isPaused }),
      counting: stoppedAtMs === undefined && !isPaused && levels.time[target.counts].countsAt(nowMs),
      ...(matters && { dueAtMs }),
      ...(stoppedAtMs !== undefined && { stoppedAtMs }),
    }
  })
}

function stateOf(is: {
  isStopped: boolean
  calledOff: boolean
  isOver: boolean
  isPaused: boolean
}): ClockState {
  if (is.isStopped && is.calledOff) return is.isOver ? 'breached' : 'void'
  if (is.isStopped) return is.isOver ? 'late-met' : 'met'
  if (is.isOver) return 'breached'
  return is.isPaused ? 'paused' : 'running'
}

/** Every clock that has a target, of the round the order is in. What lies after `nowMs` has not happened yet. */
export function clockRuns({ history }: Timed, levels: CountedLevels, nowMs: number): Run[] {
  const happened = history.filter(({ atMs }, index) => index === 0 || atMs <= nowMs)
  return clockNames.flatMap((clock) => runOf(clock, { happened, levels, nowMs }) ?? [])
}

interface Told {
  happened: History
  levels: CountedLevels
  nowMs: number
}

function runOf(clock: ClockName, { happened, levels, nowMs }: Told): Run | undefined {
  const rounds = roundsOf(clock, happened)
  const counted = clock === 'restore' ? rounds : rounds.slice(-1)
  const ran = counted.map((round) => stretchOf(clock, round))
  const last = ran.at(-1)
  if (!last) return undefined
  const severity = severityAt(happened, last.toMs)
  const target = levels.targets[severity][clock]
  if (!target) return undefined
  const pauses = severity === 'P1' && clock === 'on-site' ? [] : pausesOf(clock, happened, levels)
  return {
    clock,
    target,
    severity,
    round: clock === 'restore' ? 0 : rounds.length - 1,
    stretches: ran.flatMap((stretch) => without(stretch, pauses)),
    ...(last.toMs !== Infinity && { stoppedAtMs: last.toMs }),
    calledOff: last.calledOff,
    isPaused: last.toMs === Infinity && pauses.some(({ fromMs, toMs }) => fromMs <= nowMs && nowMs < toMs),
  }
}

interface Round {
  fromMs: number
  /** Of the next round; Infinity for the last. */
  toMs: number
  entries: Entry[]
}

/** Cuts the history where the clock starts again. */
function roundsOf(clock: ClockName, history: History): Round[] {
  const rounds: Round[] = []
  let isFinished = false
  for (const entry of history) {
    const last = rounds.at(-1)
    const isBack = comesBack.includes(entry.type)
    if (!last) rounds.push({ fromMs: entry.atMs, toMs: Infinity, entries: [] })
    else if (isBack && (isFinished || clock === 'restore')) {
      last.toMs = Math.max(last.fromMs, entry.atMs)
      rounds.push({ fromMs: last.toMs, toMs: Infinity, entries: [] })
    } else last.entries.push(entry)
    isFinished = finishes.includes(entry.type) || (isFinished && !isBack)
  }
  return rounds
}

/** From the beginning of the round to what stops the clock, or to the next round. */
function stretchOf(clock: ClockName, round: Round): Stretch & { calledOff: boolean } {
  const firstOf = (types: readonly string[]) =>
    Math.min(Infinity, ...round.entries.filter(({ type }) => types.includes(type)).map(({ atMs }) => atMs))
  const doneMs = firstOf(stops[clock])
  const calledOffMs = firstOf(callsOff)
  const toMs = Math.max(round.fromMs, Math.min(doneMs, calledOffMs, round.toMs))
  return { fromMs: round.fromMs, toMs, calledOff: calledOffMs < doneMs }
}

/** The gravest that was known by then. The first entry is always there. */
function severityAt(history: History, atMs: number): Severity {
  return history
    .filter((entry, index) => index === 0 || entry.atMs <= atMs)
    .flatMap(({ severity }) => severity ?? [])
    .reduce((gravest, severity) => (severity < gravest ? severity : gravest), 'P4')
}

/** When this clock was paused: until somebody goes on, or it was forgotten for too long. */
function pausesOf(clock: ClockName, history: History, levels: CountedLevels): Stretch[] {
  return history.flatMap(({ pause, atMs }, index) => {
    if (pause === undefined || !stands(clock, pause, levels)) return []
    const end = history.slice(index + 1).find(({ type }) => endsPause.has(type))
    return [{ fromMs: atMs, toMs: Math.min(end?.atMs ?? Infinity, atMs + levels.pauseAtMostMs) }]
  })
}

function stands(clock: ClockName, reason: PauseReason, { pauses }: CountedLevels): boolean {
  const still = pauses[reason]
  return clock === 'restore' ? still !== 'nothing' : clock === 'on-site' && still === 'on-site-and-restore'
}

/** What is left of a stretch when the holes are cut out, in whatever order they come. */
function without(stretch: Stretch, holes: readonly Stretch[]): Stretch[] {
  return holes
    .filter(({ fromMs, toMs }) => fromMs < toMs)
    .reduce(
      (pieces, hole) =>
        pieces.flatMap(({ fromMs, toMs }) =>
          [
            { fromMs, toMs: Math.min(toMs, hole.fromMs) },
            { fromMs: Math.max(fromMs, hole.toMs), toMs },
          ].filter((piece) => piece.fromMs < piece.toMs),
        ),
      [stretch],
    )
}

/** What the clock has counted by then, ms. */
function elapsedAt({ stretches, target }: Run, { time }: CountedLevels, nowMs: number): number {
  return stretches.reduce(
    (sum, { fromMs, toMs }) => sum + time[target.counts].between(fromMs, Math.min(toMs, nowMs)),
    0,
  )
}

/** The first instant at which the clock has counted `countedMs`, be it past or to come; undefined when it will
 *  never come so far. */
export function reachedAtMs(
  { stretches, target }: Run,
  { time }: CountedLevels,
  countedMs: number,
): number | undefined {
  let leftMs = countedMs
  for (const { fromMs, toMs } of stretches) {
    const reachedMs = time[target.counts].after(fromMs, leftMs)
    if (reachedMs <= toMs) return reachedMs
    leftMs -= time[target.counts].between(fromMs, toMs)
  }
  return undefined
}
