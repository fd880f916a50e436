import { Command, CommanderError } from 'commander'
import { playedBack, recordedRegistry } from '../../device-sim/recorded/recorded-meters.ts'
import { readRecording, type Recording } from '../../device-sim/recorded/recording.ts'
import { dayMs, hourMs } from '../../device-sim/plant/day.ts'
import { buildRegistry } from '../../estate/registry-index.ts'
import { parseRegistryFile } from '../../estate/registry-file.ts'
import { decode } from '../../firmware-contracts/decode.ts'
import { tellEngine } from '../../ingest/fault-feed.ts'
import type { IncidentChange } from '../../ingest/faults/changes.ts'
import { FaultEngine } from '../../ingest/faults/engine.ts'
import { OperatorError } from '../../platform/operator-error.ts'
import { bars } from './bars.ts'

/** `npm run meters -- FILE.csv.gz`: what would the rules have said of meters that never read our simulator's
 *  equations? They are played through the real engine as the simulator plays them, uploads and all. Nobody labelled
 *  them; so every order can be looked at, with the hours around it (`--bars`). */

/** A server believes no time before 2024. Whole weeks, so that a Monday stays one. */
const shiftMs = 522 * 7 * dayMs
const yearMs = 365.25 * dayMs
const shownRules = ['W02', 'W03', 'W05', 'W06', 'W07', 'W08', 'D03', 'D04']

interface Order {
  rule: string
  meter: string
  key: string
  /** As the meter's clock had it, before the shift. */
  openedMs: number
  endedMs?: number
  reason: string
}

interface Found {
  orders: Order[]
  meterYears: number
}

function ordersOf(recording: Recording, timeZone: string): Found {
  const registry = buildRegistry(parseRegistryFile(recordedRegistry(recording)))
  const engine = new FaultEngine({ registry, parameters: {}, timeZone })
  const orders: Order[] = []
  let nowMs = 0
  for (const { t, topic, payload } of playedBack({ recording, shiftMs })) {
    for (nowMs ||= t; nowMs + hourMs < t; nowMs += hourMs) note(orders, engine.tick(nowMs))
    nowMs = Math.max(nowMs, t)
    note(orders, tellEngine(engine, decode(topic, payload), t))
  }
  note(orders, engine.tick(nowMs + hourMs))
  return { orders, meterYears: watchedMs(recording) / yearMs }
}

function note(orders: Order[], changes: readonly IncidentChange[]): void {
  for (const change of changes) {
    if (change.type === 'opened') {
      const { rule, root, key, openedAtMs, reason } = change.report
      const meter = root.slice(root.lastIndexOf('-') + 1)
      orders.push({ rule, meter, key, openedMs: openedAtMs - shiftMs, reason: reason.en })
    }
    if (change.type !== 'recovered') continue
    const ended = orders.findLast(({ key }) => key === change.key)
    if (ended) ended.endedMs = change.atMs - shiftMs
  }
}

/** While anything was heard of them: what lies in a hole of more than a day is left out. */
function watchedMs({ meters }: Recording): number {
  let ms = 0
  for (const readings of meters.values())
    for (const [at, { t }] of readings.entries()) ms += Math.min(dayMs, t - (readings[at - 1]?.t ?? t))
  return ms
}

function report({ orders, meterYears }: Found, { recording, zone, withBars }: Shown): string {
  const lines = [
    `${recording.meters.size} meters, ${recording.readings} readings, ${meterYears.toFixed(1)} meter-years`,
  ]
  for (const rule of shownRules) {
    const count = orders.filter((order) => order.rule === rule).length
    lines.push(`${rule} ${String(count).padStart(3)} orders, ${(count / meterYears).toFixed(2)} a meter-year`)
  }
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  for (const order of orders.filter(({ rule }) => shownRules.includes(rule))) {
    const { rule, meter, openedMs, endedMs, reason } = order
    const until = endedMs === undefined ? 'the end' : clock.format(endedMs)
    lines.push('', `${rule} ${meter} ${clock.format(openedMs)} until ${until}: ${reason}`)
    if (withBars) lines.push(...bars(recording.meters.get(meter) ?? [], { aroundMs: openedMs, zone }))
  }
  return `${lines.join('\n')}\n`
}

interface Shown {
  recording: Recording
  zone: string
  withBars: boolean
}

async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('meters')
    .description(
      'What the water rules say of recorded meters: meter,local_time,register_l, plain or gzipped.',
    )
    .argument('<file>')
    .option('--zone <zone>', 'of their wall clocks', 'Europe/Madrid')
    .option('--bars', 'the hours around each order', false)
    .exitOverride()
    .parse([...argv], { from: 'user' })
  const [file = ''] = program.args
  const { zone, bars: withBars } = program.opts<{ zone: string; bars: boolean }>()
  const recording = await readRecording(file, zone)
  process.stdout.write(report(ordersOf(recording, zone), { recording, zone, withBars }))
}

try {
  await run(process.argv.slice(2))
} catch (cause) {
  if (!(cause instanceof CommanderError || cause instanceof OperatorError)) throw cause
  if (cause instanceof OperatorError) process.stderr.write(`${cause.message}\n`)
  process.exitCode = cause instanceof CommanderError && cause.exitCode === 0 ? 0 : 2
}
