import type { BilingualText } from './registry.ts'
import { clockRuns, reachedAtMs, type Run } from './service-clock.ts'
import type { CountedLevels } from './service-levels.ts'
import { escalationLevels, type ClockName, type EscalationLevel } from './service-words.ts'
import { isClosed, type WorkOrder } from './work-order.ts'

/** Who has to hear that a target is soon due, due, or long past: level by level, each level once a clock. What
 *  was told is in the order's history, so a restart tells nobody twice, and a night without power tells in the
 *  morning what nobody was told in the night. */
export interface Escalation {
  clock: ClockName
  level: EscalationLevel
  /** Round of the clock; see service-clock.ts. */
  round: number
  reason: BilingualText
}

/** What has to be told at `nowMs` and has not been, in the order in which it came due. */
export function dueEscalations(order: WorkOrder, levels: CountedLevels, nowMs: number): Escalation[] {
  return untold(order, levels, nowMs)
    .filter(({ atMs }) => atMs <= nowMs)
    .map(({ clock, level, round, reason }) => ({ clock, level, round, reason }))
}

/** When the next of them is due, if nothing else happens; undefined when none will be. */
export function nextEscalationMs(order: WorkOrder, levels: CountedLevels, nowMs: number): number | undefined {
  return untold(order, levels, nowMs)[0]?.atMs
}

function untold(order: WorkOrder, levels: CountedLevels, nowMs: number): (Escalation & { atMs: number })[] {
  if (isClosed(order.state)) return []
  return clockRuns(order, levels, nowMs)
    .filter(({ stoppedAtMs }) => stoppedAtMs === undefined)
    .flatMap((run) => stepsOf(run, levels))
    .filter(({ clock, level, round }) => !wasTold(order, { clock, level, round }))
    .sort((a, b) => a.atMs - b.atMs)
}

function stepsOf(run: Run, levels: CountedLevels): (Escalation & { atMs: number })[] {
  const { clock, round, target, severity } = run
  return escalationLevels.flatMap((level) => {
    const countedMs = Math.round(target.withinMs * levels.escalation[severity][level])
    const atMs = reachedAtMs(run, levels, countedMs)
    return atMs === undefined || countedMs === 0
      ? []
      : [{ clock, level, round, atMs, reason: reasonFor(run, countedMs) }]
  })
}

function wasTold({ history }: WorkOrder, about: Omit<Escalation, 'reason'>): boolean {
  return history.some(
    ({ escalation }) =>
      escalation?.clock === about.clock &&
      escalation.level === about.level &&
      escalation.round === about.round,
  )
}

const undone: Record<ClockName, BilingualText> = {
  acknowledge: { zh: '尚未受理', en: 'not acknowledged' },
  'on-site': { zh: '尚未到场', en: 'nobody on site' },
  'make-safe': { zh: '尚未控制险情', en: 'not made safe' },
  restore: { zh: '尚未恢复', en: 'not restored' },
}

function reasonFor({ clock, target }: Run, countedMs: number): BilingualText {
  const what = undone[clock]
  const [after, limit] = [spoken(countedMs, target), spoken(target.withinMs, target)]
  return {
    zh: `已过 ${after.zh}${what.zh}，时限 ${limit.zh}`,
    en: `${what.en} after ${after.en}; the target is ${limit.en}`,
  }
}

/** 48 s, 5 min, 1 h 30 min; of working time it says so. */
function spoken(ms: number, { counts }: Run['target']): BilingualText {
  const seconds = Math.round(ms / 1_000)
  const parts = [
    { count: Math.floor(seconds / 3_600), zh: '小时', en: 'h' },
    { count: Math.floor(seconds / 60) % 60, zh: '分钟', en: 'min' },
    { count: seconds % 60, zh: '秒', en: 's' },
  ].filter(({ count }) => count > 0)
  const zh = parts.map(({ count, zh }) => `${count} ${zh}`).join(' ')
  const en = parts.map(({ count, en }) => `${count} ${en}`).join(' ')
  return counts === 'always' ? { zh, en } : { zh: `${zh}（工作时间）`, en: `${en} of working time` }
}
