import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { z } from 'zod'
import { command, runCommand, type Command as Asked } from './estate/commands.ts'
import { refusalReasons } from './firmware-contracts/message.ts'
import { openRecords } from './estate/records.ts'
import { loadRegistry } from './estate/registry-store.ts'
import { serverKey } from './estate/server-key.ts'
import { overrides, overridesFrom } from './ingest/faults/parameter-layers.ts'
import { IngestMemory } from './ingest/memory.ts'
import { parameterCommand, runParameterCommand } from './ingest/parameter-commands.ts'
import { ParameterDesk } from './ingest/parameter-desk.ts'
import { quarantineCommand, runQuarantineCommand } from './ingest/quarantine-commands.ts'
import { openHistory } from './ingest/history/open-history.ts'
import { runWhatIfCommand, whatIfCommand } from './ingest/what-if-commands.ts'
import { WhatIfDesk } from './ingest/what-if-desk.ts'
import { QuarantineDesk } from './ingest/quarantine-desk.ts'
import { QuarantineReplays } from './ingest/quarantine-replay.ts'
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
  addWebhooks(cli, config)
  addQuarantine(cli, config)
  addParameters(cli, config)
  addWhatIf(cli, config)
  return cli
}

/** As commander hands it over: text. */
interface Selected {
  id?: string
  device?: string
  reason?: string
}

function addWebhooks(cli: Command, config: Config): void {
  const webhook = cli.command('webhook').description('who outside is told of faults and work orders')
  webhook
    .command('add <url>')
    .description('one more listener; prints the secret that its deliveries are signed with, this once')
    .option('--least <severity>', 'the least grave that it hears of: P1, P2, P3 or P4')
    .option('--site <site>', 'one estate only')
    .option('--updates', 'also what only grows')
    .action(async (url: string, options: { least?: string; site?: string; updates?: boolean }) =>
      print(await ask(config, { name: 'webhook add', url, ...options })),
    )
  webhook
    .command('list')
    .description('who listens, and how far each has been told')
    .action(async () => print(await ask(config, { name: 'webhook list' })))
  webhook
    .command('remove <id>')
    .description('a listener less, with all it was still to be told')
    .action(async (id: string) => print(await ask(config, { name: 'webhook remove', webhook: id })))
}

function addQuarantine(cli: Command, config: Config): void {
  const quarantine = cli.command('quarantine').description('what was refused of the devices, and why')
  const about = async (name: string, { id, ...rest }: Selected = {}) =>
    print(await askQuarantine(config, { name: `quarantine ${name}`, ...rest, ...(id && { id: Number(id) }) }))
  const selecting = (name: string) =>
    quarantine
      .command(name)
      .option('--device <device>', 'only of this device')
      .option('--reason <reason>', refusalReasons.join(', '))
  selecting('list')
    .description('groups of refusals, the most recent first')
    .action((options: Selected) => about('list', options))
  quarantine
    .command('show <id>')
    .description('a group with its newest raw messages')
    .action((id: string) => about('show', { id }))
  selecting('replay')
    .option('--id <id>', 'only this group')
    .description('judge again, after a contract was put right: all, or what fits; needs the running server')
    .action((options: Selected) => about('replay', options))
  quarantine
    .command('discard <id>')
    .description('forget a group and its raw messages; in the ledger they stay quarantined')
    .action((id: string) => about('discard', { id }))
}

function addParameters(cli: Command, config: Config): void {
  const parameters = cli.command('parameters').description('what faults are judged by, and who changed it')
  const at = (name: string) =>
    parameters.command(name).option('--site <site>', 'without it the whole district')
  const about = async (name: string, words: object) =>
    print(await askParameters(config, { name: `parameters ${name}`, who: 'the operator', ...words }))
  at('show')
    .description('every parameter in force, and what differs from the layer below')
    .action((options: { site?: string }) => about('show', options))
  at('versions')
    .description('who changed what, when and why')
    .action((options: { site?: string }) => about('versions', options))
  at('set <settings...>')
    .description('H01.fallKpa=40 …; without a value it is taken back to the layer below')
    .requiredOption('--why <reason>')
    .action((settings: string[], options: object) =>
      about('set', { ...options, set: overridesFrom(settings) }),
    )
  at('revert <version>')
    .description('puts an earlier version in force again, as a new one')
    .requiredOption('--why <reason>')
    .action((version: string, options: object) => about('revert', { ...options, version: Number(version) }))
}

/** As commander hands it over. */
interface WhatIfOptions {
  site: string
  from: string
  to: string
  set: string[]
  file?: string
  warmUpDays?: string
}

function addWhatIf(cli: Command, config: Config): void {
  cli
    .command('what-if')
    .description(
      'replay stored history through changed parameters: which orders would be gained, lost, moved',
    )
    .requiredOption('--site <site>')
    .requiredOption('--from <time>', '2026-01-15T00:00+08:00, or epoch milliseconds')
    .requiredOption('--to <time>')
    .option('--set <setting...>', 'H01.fallKpa=40 …; without a value as in the layer below', [])
    .option('--file <file>', 'the same as JSON: { "H01": { "fallKpa": 40 } }')
    .option('--warm-up-days <days>', 'only listened to before, for baselines; 7 unless told')
    .action(async ({ site, from, to, set, file, warmUpDays }: WhatIfOptions) => {
      const changes = overridesFrom(set, overrides.parse(file === undefined ? {} : readJson(file)))
      const words = {
        ...{ name: 'what-if', site, fromMs: timeIn(from), toMs: timeIn(to), set: changes },
        ...(warmUpDays !== undefined && { warmUpDays: Number(warmUpDays) }),
      }
      print(await askWhatIf(config, words))
    })
}

function timeIn(text: string): number {
  const hasZone = /(z|[+-]\d\d:?\d\d)$/i.test(text)
  const atMs = /^\d+$/.test(text) ? Number(text) : hasZone ? Date.parse(text) : NaN
  if (Number.isFinite(atMs)) return atMs
  throw new OperatorError(`${text}: expected a time with its zone, such as 2026-01-15T00:00+08:00.`)
}

async function askWhatIf(config: Config, words: unknown): Promise<unknown> {
  const asked = parsed(whatIfCommand, words)
  const answered = await askServer(commandSocketOf(config), asked)
  if (answered) return answered.result
  const records = await openRecords(join(config.dataDir, 'records.db'))
  const history = openHistory(config, systemClock)
  try {
    const loaded = await loadRegistry(records)
    const registry = { get: () => loaded }
    const isSite = (id: string) => loaded.site(id) !== undefined
    const parameters = new ParameterDesk({ records, isSite, clock: systemClock })
    await parameters.start()
    await history.start()
    const parts = { history, registry, parameters, timeZone: config.timeZone, clock: systemClock }
    return await runWhatIfCommand(new WhatIfDesk({ ...parts, periodsOf: () => undefined }), asked)
  } finally {
    await history.stop()
    await records.destroy()
  }
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

async function ask(config: Config, words: unknown): Promise<unknown> {
  const asked = parsed(command, words)
  const answered = await askServer(commandSocketOf(config), asked)
  return answered ? answered.result : runHere(config, asked)
}

async function askQuarantine(config: Config, words: unknown): Promise<unknown> {
  const asked = parsed(quarantineCommand, words)
  const answered = await askServer(commandSocketOf(config), asked)
  if (answered) return answered.result
  const file = join(config.dataDir, 'ingest.db')
  if (!existsSync(file)) throw new OperatorError(`There is no ${file}: nothing was ever taken in here.`)
  const [memory, clock] = [new IngestMemory(file), systemClock]
  memory.start()
  try {
    const health = () => ({ ok: false, detail: 'no server runs on this DATA_DIR' })
    const desk = new QuarantineDesk({
      memory,
      replays: new QuarantineReplays({ memory, clock, onAsked: () => {} }),
      health,
      clock,
    })
    return await runQuarantineCommand(desk, asked)
  } finally {
    memory.stop()
  }
}

async function askParameters(config: Config, words: unknown): Promise<unknown> {
  const asked = parsed(parameterCommand, words)
  const answered = await askServer(commandSocketOf(config), asked)
  if (answered) return answered.result
  const records = await openRecords(join(config.dataDir, 'records.db'))
  try {
    const registry = await loadRegistry(records)
    const isSite = (id: string) => registry.site(id) !== undefined
    const desk = new ParameterDesk({ records, isSite, clock: systemClock })
    await desk.start()
    return await runParameterCommand(desk, asked)
  } finally {
    await records.destroy()
  }
}

function parsed<Schema extends z.ZodType>(schema: Schema, words: unknown): z.output<Schema> {
  const { success, data, error } = schema.safeParse(words)
  if (success) return data
  const mistakes = error.issues.map(({ path, message }) =>
    [path.join('.'), message].filter(Boolean).join(': '),
  )
  throw new OperatorError('The command has mistakes:', mistakes)
}

function commandSocketOf({ dataDir }: Config): string {
  return join(dataDir, 'run', 'cli.sock')
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
  // What commander refuses it has said already.
  if (cause instanceof OperatorError) process.stderr.write(`${cause.message}\n`)
  process.exitCode = 2
}
