import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { replayOf } from './job.ts'
import { planOf } from './options.ts'
import { report } from './print.ts'
import { scoreJob, type ScoredRun } from './scored-run.ts'
import { figuresOf } from './tally.ts'

/** A few short scenarios through the whole instrument: simulator, engine, order book, verdicts. */

const hours = (count: number) => count / 24
const start = '2026-01-15T06:00:00+08:00'
const scenarios = {
  'short-burst': {
    days: hours(0.75),
    faults: [{ t: 900, target: 'hengkang-b14', fault: 'burst', params: { m3h: 12 } }],
  },
  'short-burst-and-weld': {
    days: hours(1),
    mischief: { loss: {}, duplicates: {}, delay: {}, garbage: {} },
    faults: [
      { t: 900, target: 'hengkang-b03', fault: 'burst', params: { m3h: 14 } },
      { t: 600, until: 3_000, target: 'hengkang-shed2-p05', fault: 'relay-welded' },
    ],
  },
  'short-calm': { days: hours(1), faults: [] },
}

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'score-'))
  for (const [name, what] of Object.entries(scenarios))
    writeFileSync(join(folder, `${name}.json`), JSON.stringify({ name, about: 'for a test', start, ...what }))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('three short scenarios', () => {
  const seed = 5
  let runs: ScoredRun[]
  beforeAll(async () => {
    const { jobs } = planOf(['--scenarios', folder, '--seeds', String(seed)])
    runs = []
    for (const job of jobs) runs.push(await scoreJob(job))
  })

  test('each fault becomes one order, and nothing else does', () => {
    const figures = figuresOf(runs)
    const why = report(figures, runs)
    expect(figures.total, why).toMatchObject({ injected: 3, detected: 3, falseOrders: 0 })
    expect(figures.ordersPerIncident, why).toBe(1)
  })

  test('a burst is an order within half a minute of the first sample of the station below its band', () => {
    const { bursts, station } = figuresOf(runs).burst
    expect(bursts).toBe(2)
    expect(station.worst, report(figuresOf(runs), runs)).toBeLessThanOrEqual(30)
  })

  test('the same seed gives the same orders', async () => {
    const [first] = runs
    if (!first) throw new Error('there is no run')
    const { tookMs: _took, ...again } = await scoreJob(first.job)
    expect(first).toMatchObject(again)
  })

  test('a mistake is listed with the command that shows it', () => {
    const [first] = runs
    if (!first) throw new Error('there is no run')
    const missed = [{ ...first, causes: first.causes.map(({ detectedMs: _detected, ...cause }) => cause) }]
    const text = report(figuresOf(missed), missed)
    expect(text).toContain('2026-01-15 06:15:00 missed burst at hengkang-b14 (H01, P1)')
    expect(text).toContain(`npm run score -- --only short-burst --seeds 5 --scenarios ${folder} --explain`)
    expect(text.trimEnd().split('\n').at(-1)).toBe(
      'F0.5 0.000 recall-P1P2 0.000 false-orders 0.00 orders-per-incident 1.00',
    )
  })
})

describe('the command line', () => {
  const failure = (...argv: string[]) => {
    try {
      planOf(argv)
    } catch (cause) {
      return cause instanceof Error ? cause.message : String(cause)
    }
    return 'no mistake'
  }

  test('takes ranges and lists of seeds, and the tuning seeds unless told', () => {
    const seedsOf = (...argv: string[]) => planOf(['--only', 'burst', ...argv]).jobs.map(({ seed }) => seed)
    expect(seedsOf('--seeds', '3,5-7,5')).toEqual([3, 5, 6, 7])
    expect(seedsOf()).toEqual(Array.from({ length: 20 }, (_, at) => at + 1))
    expect(seedsOf('--quick')).toEqual([1])
    expect(seedsOf('--quick', '--seeds', '101-120')).toEqual([101])
  })

  test('lists every mistake', () => {
    const text = failure('--seeds', '5-3', '--fleet', 'moon')
    expect(text).toContain('--seeds: expected seeds such as 1-20')
    expect(text).toContain('--fleet: expected one of: demo, renovated, district')
  })

  test('names the mistakes of every scenario file', () => {
    writeFileSync(join(folder, 'bad.json'), '{"name":"bad","about":"","days":-1,"faults":[{"t":0}]}')
    writeFileSync(join(folder, 'worse.json'), '{')
    writeFileSync(
      join(folder, 'elsewhere.json'),
      '{"name":"elsewhere","about":"","faults":[{"t":0,"target":"atlantis","fault":"burst","params":{"m3h":9}}]}',
    )
    const text = failure('--scenarios', folder)
    for (const name of ['bad', 'worse', 'elsewhere']) rmSync(join(folder, `${name}.json`))
    expect(text).toContain('bad.json has mistakes')
    expect(text).toContain('days: ')
    expect(text).toContain('faults.0.target')
    expect(text).toContain('worse.json is not JSON')
    expect(text).toContain('burst: this fleet has no such target atlantis')
  })

  test.each([
    [['--only', 'burst,atlantis'], '--only: there is no scenario atlantis'],
    [['--scenarios', '/atlantis'], '--scenarios: ENOENT'],
    [['--only', 'burst', '--explain'], '--explain: shows one run'],
    [['--loud'], "unknown option '--loud'"],
  ])('%j is a mistake', (argv, mistake) => {
    expect(failure(...argv)).toContain(mistake)
  })

  test('replays with what the run was given', () => {
    const job = { name: 'burst', scenario: 'burst', seed: 7, fleet: 'renovated', mischief: true } as const
    expect(replayOf(job)).toBe(
      'npm run score -- --only burst --seeds 7 --fleet renovated --mischief --explain',
    )
  })
})
