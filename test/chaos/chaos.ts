import { Command, InvalidArgumentError } from 'commander'
import { runChaos } from './chaos-run.ts'

/** `npm run chaos -- --seed N [--minutes M] [--embedded] [--quota]`: exits non-zero when a reading is missing, and then
 *  prints how to have the same run again. */
const number = (text: string) => {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('expected a number above 0')
  return value
}

const options = new Command('chaos')
  .description('Kills, freezes and fills the real system under load, then counts every reading.')
  .option('--seed <n>', 'what happens, and when', number, 1)
  .option('--minutes <m>', 'length of the load', number, 2)
  .option('--embedded', 'on the embedded store instead of a real InfluxDB', false)
  .option('--quota', 'fill the intake log up to a limit of its own, as without root, not a small disk', false)
  .option('--meters <n>', 'simulated devices', number, 200)
  .option('--rate <n>', 'messages per second', number, 2_000)
  .parse()
  .opts<{ seed: number; minutes: number; embedded: boolean; quota: boolean; meters: number; rate: number }>()

const { ok, line, complaints, folder } = await runChaos({
  ...options,
  say: (said) => process.stderr.write(`${said}\n`),
})
for (const complaint of complaints) process.stderr.write(`${complaint}\n`)
if (!ok) {
  const { seed, minutes, embedded, quota } = options
  const flags = `${embedded ? ' --embedded' : ''}${quota ? ' --quota' : ''}`
  const again = `npm run chaos -- --seed ${seed} --minutes ${minutes}${flags}`
  process.stderr.write(`again: ${again}\nkept: ${folder}\n`)
}
process.stdout.write(`${line}\n`)
process.exit(ok ? 0 : 1)
