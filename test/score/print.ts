import { replayOf } from './job.ts'
import type { ScoredRun } from './scored-run.ts'
import { isDetected, isFalse, type Delay, type Figures, type Row } from './tally.ts'

/** The figures for people: every mistake with the command that shows it, a row a rule, and one line at the end. */
export function report(figures: Figures, runs: readonly ScoredRun[]): string {
  return [...mistakes(runs), table(figures), ...totals(figures), lastLine(figures)].join('\n') + '\n'
}

export function lastLine({ total, recallP1P2, falsePerEstateMonth, ordersPerIncident }: Figures): string {
  return (
    `F0.5 ${total.f05.toFixed(3)} recall-P1P2 ${recallP1P2.toFixed(3)} ` +
    `false-orders ${falsePerEstateMonth.toFixed(2)} orders-per-incident ${ordersPerIncident.toFixed(2)}`
  )
}

/** Every miss and every false order, run by run; what is repeated many times in a run is said once. */
function mistakes(runs: readonly ScoredRun[]): string[] {
  return runs.flatMap((run) => {
    const missed = run.causes
      .filter((cause) => !isDetected(cause))
      .map(({ what, rules, severity, fromMs, untilMs }) =>
        line(fromMs, `missed ${what} (${rules.join(' ')}, ${severity}), until ${clock(untilMs)}`),
      )
    const wrong = [
      ...Map.groupBy(run.orders.filter(isFalse), ({ rule, root, verdict }) => [rule, root, verdict].join()),
    ]
      .map(([, same]) => ({ first: same[0], times: same.length }))
      .flatMap(({ first, times }) => (first ? [{ ...first, times }] : []))
      .map(({ verdict, rule, root, severity, atMs, title, cause, times }) => {
        const why = verdict === 'further' ? `one more for ${cause}` : 'false'
        return line(
          atMs,
          `${why}: ${rule} at ${root}, ${severity}${times > 1 ? `, ${times} times` : ''}: ${title}`,
        )
      })
    const all = [...missed, ...wrong]
    return all.length === 0
      ? []
      : [`${run.job.name} seed ${run.job.seed}`, ...all, `    ${replayOf(run.job)}`]
  })
}

function line(atMs: number, text: string): string {
  return `  ${clock(atMs)} ${text}`
}

const wall = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Shanghai',
  dateStyle: 'short',
  timeStyle: 'medium',
})

/** `2026-01-15 07:31:10`, on the wall of the estate. */
export function clock(atMs: number): string {
  return wall.format(atMs)
}

const columns = [
  ['rule', 6],
  ['injected', 9],
  ['detected', 9],
  ['missed', 7],
  ['false', 6],
  ['precision', 10],
  ['recall', 7],
  ['F0.5', 6],
  ['median', 9],
  ['p95', 9],
] as const

function table({ rules, total }: Figures): string {
  const head = columns.map(([name, width]) => name.padStart(width)).join('')
  const rows = rules.map((row) => cells(row.rule, row))
  return ['', head, ...rows, cells('total', total)].join('\n')
}

function cells(name: string, row: Row): string {
  const texts = [
    name,
    String(row.injected),
    String(row.detected),
    String(row.missed),
    String(row.falseOrders),
    row.precision.toFixed(3),
    row.recall.toFixed(3),
    row.f05.toFixed(3),
    span(row.medianS),
    span(row.p95S),
  ]
  return texts.map((text, at) => text.padStart(columns[at]?.[1] ?? 0)).join('')
}

/** Seconds as people say them. */
export function span(seconds: number): string {
  if (Number.isNaN(seconds)) return '-'
  if (seconds < 180) return `${Math.round(seconds)} s`
  if (seconds < 2 * 3_600) return `${Math.round(seconds / 60)} min`
  return `${(seconds / 3_600).toFixed(1)} h`
}

function delay({ median, worst }: Delay): string {
  return `${span(median)}, worst ${span(worst)}`
}

function totals(figures: Figures): string[] {
  const { runs, estateMonths, readings, quiet, burst, alarmsPer10Min } = figures
  return [
    '',
    `${runs} runs, ${estateMonths.toFixed(1)} estate-months, ${(readings / 1e6).toFixed(1)} million readings`,
    `where nothing was broken: ${quiet.falsePerEstateMonth.toFixed(2)} false orders per estate-month in ` +
      `${quiet.estateMonths.toFixed(1)}, and ${quiet.outageOrdersPerEstateMonth.toFixed(1)} about lines that were dead`,
    `alarms swallowed per order ${figures.swallowedPerOrder.toFixed(2)}; ` +
      `orders about dead lines ${figures.outageOrders}, about what a fault brought about ${figures.brought}`,
    `burst to order, from the first sample below the band, of ${burst.bursts}: the station's median ` +
      `${delay(burst.station)}; any gauge's median ${delay(burst.anyGauge)}`,
    `alarms per operator in 10 min, whole district, where nothing was broken: ${alarmsPer10Min.toFixed(2)}`,
  ]
}
