import { expect, test } from 'vitest'
import { runChaos } from './chaos/chaos-run.ts'
import { missing } from './support/programs.ts'

/** The short form of `npm run chaos`. */
const seed = 3

async function survive(minutes: number, embedded: boolean): Promise<void> {
  const again = `npm run chaos -- --seed ${seed} --minutes ${minutes}${embedded ? ' --embedded' : ''}`
  const said: string[] = []
  const say = (line: string) => said.push(line)
  const { complaints, line, folder } = await runChaos({
    seed,
    minutes,
    embedded,
    quota: false,
    meters: 200,
    rate: 2_000,
    say,
  })
  expect(complaints, `${said.join('\n')}\n${line}\nagain: ${again}\nkept: ${folder}`).toEqual([])
  expect(line).toMatch(/lost 0 doubled 0/)
}

test.skipIf(missing('influxd'))(
  'three quarters of a minute in which everything is killed, frozen, cut off and filled up lose and double no reading',
  () => survive(0.75, false),
  240_000,
)

test('nor does the embedded store, while its process is killed', () => survive(0.3, true), 240_000)
