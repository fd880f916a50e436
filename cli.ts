import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { z } from 'zod'
import { command, runCommand, type Command as Asked } from './estate/commands.ts'
import { openRecords } from './estate/records.ts'
import { serverKey } from './estate/server-key.ts'
import { askServer } from './platform/command-socket.ts'
import { systemClock } from './platform/clock.ts'
import { parseConfig, type Config } from './platform/config.ts'
import { OperatorError } from './platform/operator-error.ts'

/** `npm run cli -- …`: the operator's commands. Where a server runs on this DATA_DIR it carries them out, else
 *  its files are opened here. */

const imported = z.object({
  counts: z.object({ sites: z.number(), nodes: z.number(), devices: z.number() }),
  credentials: z.array(z.object({ username: z.string(), password: z.string() })),
})

function program(config: Config): Command {
  const cli = new Command('cli').description('Estate Pulse, for its operators.').exitOverride()
  cli.configureOutput({ writeErr: () => {} })
  const registry = cli.command('registry').description('what stands where')
  registry
    .command('import <file>')
    .description('take up an estate-registry/1 file; all of it or nothing')
    .option('--dry-run', 'check only', false)
    .option(
      '--credentials-out <file>',
      'make a credential for every device that has none, and write them here',
    )
    .action((file: string, options: { dryRun: boolean; credentialsOut?: string }) =>
      importFile(config, file, options),
    )
  cli
    .command('credentials')
    .description('what lets a device in')
    .command('issue <device>')
    .description('one more credential for a device')
    .action(async (device: string) => print(await ask(config, { name: 'credentials issue', device })))
  cli
    .command('staff')
    .description('who may sign in')
    .command('add <name>')
    .requiredOption('--role <role>', 'engineer, dispatcher or admin')
    .action(async (name: string, options: { role: string }) =>
      print(await ask(config, { name: 'staff add', staff: name, role: options.role })),
    )
  cli
    .command('orders')
    .description('work orders')
    .command('list')
    .description('those that are open')
    .option('--site <site>')
    .action(async (options: { site?: string }) =>
      print(await ask(config, { name: 'orders list', ...options })),
    )
  return cli
}

async function importFile(
  config: Config,
  file: string,
  options: { dryRun: boolean; credentialsOut?: string },
): Promise<void> {
  const { dryRun, credentialsOut } = options
  const registry = readJson(file)
  const credentials = credentialsOut !== undefined
  const { counts, credentials: issued } = imported.parse(
    await ask(config, { name: 'registry import', registry, dryRun, credentials }),
  )
  if (credentialsOut !== undefined && !dryRun) {
    const text = JSON.stringify({ format: 'estate-credentials/1', credentials: issued }, undefined, 2)
    writeFileSync(credentialsOut, `${text}\n`, { mode: 0o600 })
  }
  print({ ...counts, credentials: issued.length, dryRun })
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new OperatorError(`${file} cannot be read as JSON:`, [
      cause instanceof Error ? cause.message : String(cause),
    ])
  }
}

async function ask(
  config: Config,
  words: z.input<typeof command> | Record<string, unknown>,
): Promise<unknown> {
  const parsed = command.safeParse(words)
  if (!parsed.success) {
    throw new OperatorError(
      'The command has mistakes:',
      parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    )
  }
  const answered = await askServer(join(config.dataDir, 'run', 'cli.sock'), parsed.data)
  return answered ? answered.result : runHere(config, parsed.data)
}

async function runHere(config: Config, asked: Asked): Promise<unknown> {
  const key = serverKey(config.dataDir)
  const records = await openRecords(join(config.dataDir, 'records.db'))
  try {
    return await runCommand({ records, key, timeZone: config.timeZone, clock: systemClock }, asked)
  } finally {
    await records.destroy()
  }
}

function print(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
}

try {
  await program(parseConfig(process.env)).parseAsync(process.argv)
} catch (cause) {
  if (cause instanceof CommanderError && cause.exitCode === 0) process.exit(0)
  if (!(cause instanceof OperatorError) && !(cause instanceof CommanderError)) throw cause
  process.stderr.write(`${cause.message}\n`)
  process.exitCode = 2
}
