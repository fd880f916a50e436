import { rules } from '../../ingest/faults/rules/table.ts'
import { causesOf, type Cause } from './causes.ts'
import type { Sight } from './first-below.ts'
import type { Job } from './job.ts'
import type { Call } from './order-desk.ts'
import { runScenario, type Onlooker, type Run } from './run.ts'
import { judge, type Judged, type Verdict } from './verdicts.ts'

/** What one run gives, plain enough to be handed from a worker to who counts. */
export interface ScoredRun {
  job: Job
  /** Simulated days times estates. */
  estateDays: number
  readings: number
  /** Wall-clock time it took, ms. */
  tookMs: number
  causes: ScoredCause[]
  orders: ScoredOrder[]
}

export interface ScoredCause extends Cause {
  /** When the order that names it opened, server time; absent when it was missed. */
  detectedMs?: number
  /** Of a burst: the first samples below the band. */
  visible?: Sight
}

/** An order, or its coming back. */
export interface ScoredOrder extends Call {
  verdict: Verdict
  /** Alarms that it explains, its own included. */
  alarms: number
  /** What it names, where it names something. */
  cause?: string
}

export async function scoreJob(job: Job, onlooker: Onlooker = {}): Promise<ScoredRun> {
  const began = performance.now()
  const run = await runScenario(job, onlooker)
  const scored = scoreRun(job, run)
  await run.desk.close()
  return { ...scored, tookMs: performance.now() - began }
}

function scoreRun(job: Job, run: Run): Omit<ScoredRun, 'tookMs'> {
  const { registry, truth, desk, firstBelow, deliveryMs, readings, days, estates } = run
  const causes = causesOf(truth, registry)
  const { judged, detections } = judge({
    causes,
    calls: desk.calls,
    survivorOf: (order) => desk.survivorOf(order),
    classOf,
    deliveryMs: (device) => deliveryMs.get(device) ?? 0,
    wasCutOff: (place, fromMs, untilMs) => wasCutOff(run, place, { fromMs, untilMs }),
    hadLostClock: (place, atMs) => hadLostClock(run, place, atMs),
  })
  const detected = new Map(detections.map(({ cause, atMs }) => [cause, atMs]))
  return {
    job,
    estateDays: days * estates,
    readings,
    causes: causes.map((cause, index) => {
      const detectedMs = detected.get(index)
      const visible = firstBelow.of(cause.fromMs)
      return {
        ...cause,
        ...(detectedMs !== undefined && { detectedMs }),
        ...(visible && { visible }),
      }
    }),
    orders: judged.map((each) => scoredOrder(each, desk.alarmsOf(each.call.order), causes)),
  }
}

function scoredOrder(
  { call, verdict, cause }: Judged,
  alarms: number,
  causes: readonly Cause[],
): ScoredOrder {
  const named = cause === undefined ? undefined : causes[cause]?.what
  return { ...call, verdict, alarms, ...(named !== undefined && { cause: named }) }
}

const classes = new Map(
  rules.flatMap(({ id, causeClass, inferred }) =>
    [id, inferred?.id].flatMap((name): [string, string][] =>
      name === undefined ? [] : [[name, causeClass]],
    ),
  ),
)

function classOf(rule: string): string | undefined {
  return classes.get(rule)
}

/** Whether mischief had cut the line of a device at this place, or of one that speaks through it. */
function wasCutOff(
  { truth, registry }: Run,
  place: string,
  { fromMs, untilMs }: { fromMs: number; untilMs: number },
): boolean {
  return truth.mischief.some(({ device, outages }) => {
    const speaks = [device, ...registry.ancestors('comms', device)]
    const isThere = speaks.some((id) => (registry.device(id)?.node ?? id) === place)
    return isThere && outages.some((outage) => outage.fromMs <= untilMs && outage.untilMs >= fromMs)
  })
}

/** An empty clock cell shows at a boot, and until the time is told again: within a day. */
const clockLostMs = 26 * 60 * 60_000

/** Whether a device at this place had begun again in the year 2000. */
function hadLostClock({ truth, registry }: Run, place: string, atMs: number): boolean {
  return truth.mischief.some(
    ({ device, clocksLostMs }) =>
      registry.device(device)?.node === place &&
      clocksLostMs.some((lostMs) => lostMs <= atMs && atMs <= lostMs + clockLostMs),
  )
}
