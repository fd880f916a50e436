import { parseArgs } from 'node:util'
import { OperatorError } from '../../platform/operator-error.ts'
import type { Lifecycle } from '../../platform/lifecycle.ts'
import { contenderNames, type ContenderName } from './contenders.ts'
import { embeddedNodeRed, installNodeRed } from './node-red.ts'
import { median } from './percentile.ts'
import { run, type Figures, type Stretch } from './pipeline-run.ts'
import { percent, saturated, type Shares } from './processor-time.ts'

/** `npm run bench -- pipeline`: from PUBLISH to InfluxDB, this system beside what people would build instead.
 *
 *  The contenders take turns, so that a slow minute of the machine hits all of them, and the median of the
 *  turns counts. A run during which somebody else used the processor is thrown away and repeated. */
const repeats = 3
const lengthMs = 20_000
const quickLengthMs = 10_000
/** Processor that others may use during a run, cores. */
const foreignLimit = 0.1
const tries = 3

export async function pipeline(options: readonly string[], started: Lifecycle): Promise<void> {
  const { quick, names, nodeRedVersion } = optionsOf(options)
  const nodeRed =
    nodeRedVersion === undefined ? embeddedNodeRed : await installNodeRed(nodeRedVersion, started)
  const turns = new Map<ContenderName, Figures[]>(names.map((name) => [name, []]))
  for (let turn = 0; turn < (quick ? 1 : repeats); turn++) {
    for (const name of names) {
      turns.get(name)?.push(await undisturbed({ name, quick, nodeRed, started }))
    }
  }
  summarise(turns)
  const lost = [...turns.values()].flat().reduce((sum, figures) => sum + figures.lost, 0)
  if (lost !== 0) throw new Error(`${lost} acknowledged readings are not in InfluxDB`)
}

function optionsOf(options: readonly string[]) {
  const known = {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    'node-red': { type: 'string' },
  } as const
  try {
    const { values } = parseArgs({ args: [...options], options: known })
    const names = contenderNames.filter((name) => values.only?.includes(name) ?? true)
    return { quick: values.quick, names, nodeRedVersion: values['node-red'] }
  } catch (cause) {
    throw new OperatorError(
      `pipeline [--quick] [--only ${contenderNames.join(' | ')}]… [--node-red VERSION]`,
      [String(cause)],
    )
  }
}

interface Turn {
  name: ContenderName
  quick: boolean
  nodeRed: string
  started: Lifecycle
}

async function undisturbed({ name, quick, nodeRed, started }: Turn): Promise<Figures> {
  for (let attempt = 1; ; attempt++) {
    say(`${name} …`)
    const figures = await run({
      contender: name,
      nodeRed,
      lengthMs: quick ? quickLengthMs : lengthMs,
      overload: name === 'pipeline',
      onStop: started.onStop.bind(started),
    })
    report(name, figures)
    const { foreign } = figures
    if (foreign <= foreignLimit) return figures
    const disturbed = `somebody else used ${percent(foreign)} of a core`
    if (quick || attempt === tries) {
      say(`  ${disturbed}: the figures are lower than they should be`)
      return figures
    }
    say(`  ${disturbed}: thrown away`)
  }
}

function report(name: ContenderName, { p50Ms, p99Ms, peak, overload, lost }: Figures): void {
  say(`${name}: ${described(peak)}, lost ${lost}`)
  say(`  publish to queryable at 1,000/s: p50 ${ms(p50Ms)} p99 ${ms(p99Ms)}`)
  say(`  saturated: ${saturated(peak.shares)}`)
  say(`  cores: ${processes(peak.shares)}`)
  say(`  processor per reading: ${costs(peak)}`)
  if (overload) {
    const share = percent(overload.readingsPerS / peak.readingsPerS)
    say(`  offered 1.3 times that: ${described(overload)}, which is ${share} of the peak`)
  }
}

function described({ readingsPerS, lagMs, pubackP50Ms, pubackP99Ms }: Stretch): string {
  const puback = `PUBACK p50 ${ms(pubackP50Ms)} p99 ${ms(pubackP99Ms)}`
  return `${perS(readingsPerS)} stored, store lag ${ms(lagMs)}, ${puback}`
}

function processes({ processes, idle, foreign }: Shares): string {
  const own = [...processes]
    .filter(([, { all }]) => all >= 0.005)
    .map(([name, { all, busiest }]) => `${name} ${percent(all)} (one thread ${percent(busiest)})`)
  return [...own, `others ${percent(foreign)}`, `idle ${percent(idle)}`].join(', ')
}

/** What a reading costs, whatever else the machine does meanwhile. */
function costs({ readingsPerS, shares }: Stretch): string {
  const own = [...shares.processes].filter(([, { all }]) => all >= 0.005)
  const each = own.map(([name, { all }]) => `${name} ${micros(all / readingsPerS)}`)
  const sum = own.reduce((total, [, { all }]) => total + all, 0)
  return `${each.join(', ')}, in all ${micros(sum / readingsPerS)}`
}

function summarise(turns: ReadonlyMap<ContenderName, readonly Figures[]>): void {
  const middle = (name: ContenderName, figure: (figures: Figures) => number) =>
    median((turns.get(name) ?? []).map(figure))
  const peak = (name: ContenderName) => middle(name, (figures) => figures.peak.readingsPerS)
  for (const name of turns.keys()) {
    const [p50, p99] = [middle(name, ({ p50Ms }) => p50Ms), middle(name, ({ p99Ms }) => p99Ms)]
    say(`median of ${name}: ${perS(peak(name))}, p50 ${ms(p50)} p99 ${ms(p99)}`)
  }
  const [a, b, c] = [peak('pipeline'), peak('node-red'), peak('script')]
  const [p50, p99] = [middle('pipeline', ({ p50Ms }) => p50Ms), middle('pipeline', ({ p99Ms }) => p99Ms)]
  say(
    `pipeline ${perS(a)} node-red ${perS(b)} script ${perS(c)} ` +
      `ratios ${(a / b).toFixed(2)} ${(a / c).toFixed(2)} p50 ${ms(p50)} p99 ${ms(p99)}`,
  )
}

function perS(readings: number): string {
  return `${Math.round(readings)}/s`
}

function ms(duration: number): string {
  return `${duration.toFixed(1)} ms`
}

function micros(seconds: number): string {
  return `${(seconds * 1e6).toFixed(1)} µs`
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
