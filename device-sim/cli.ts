import { writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command, CommanderError } from 'commander'
import { z } from 'zod'
import { keepAlive, systemClock } from '../platform/clock.ts'
import { openLog } from '../platform/log.ts'
import { OperatorError } from '../platform/operator-error.ts'
import { readCredentials } from './credentials.ts'
import type { Outgoing } from './firmware/message.ts'
import type { Fleet } from './fleet.ts'
import { fleetNames, fleets } from './fleets/fleets.ts'
import { SimulatedEstate } from './live.ts'
import { LoadRun } from './load.ts'
import { hourMs } from './plant/day.ts'
import { runReplay } from './recorded/replay-command.ts'
import { registryText } from './registry-file.ts'
import { groundTruth, type Run } from './scenarios/ground-truth.ts'
import { loadScenario, ordinaryDay, scenarioNames, type Scenario } from './scenarios/scenario.ts'
import { digest, saidUntil, Simulation } from './simulation.ts'

/** `npm run sim -- …`: a simulated fleet from the command line; live over MQTT, or offline as fast as it goes. */

const count = z.coerce.number<string>().int().min(0).max(0xffff_ffff)

const flag = z.boolean().default(false)

/** Also when another option is wrong: every mistake is listed at once. */
const always = () => true

const optionsSchema = z
  .object({
    fleet: z.enum(fleetNames, { error: `expected one of: ${fleetNames.join(', ')}` }),
    scenario: z.string().min(1),
    seed: count.optional(),
    speed: z.coerce.number<string>().min(0.1).max(3_600),
    offline: flag,
    hours: z.coerce
      .number<string>()
      .min(0)
      .max(24 * 366)
      .optional(),
    digest: flag,
    start: z.iso
      .datetime({ offset: true, error: 'expected a time such as 2026-01-15T00:00:00+08:00' })
      .optional(),
    upload: z.coerce.number<string>().int().min(60).max(604_800).optional(),
    broker: z.url({ protocol: /^mqtts?$/, error: 'expected an address such as mqtt://127.0.0.1:1883' }),
    credentials: z.string().optional(),
    list: flag,
    emitRegistry: z.string().optional(),
    truth: z.string().optional(),
    load: flag,
    rate: z.coerce.number<string>().min(1).max(100_000),
    duration: z.coerce.number<string>().min(1).max(86_400),
    connections: z.coerce.number<string>().int().min(1).max(60_000).optional(),
    replay: z.string().optional(),
    replayZone: z.string(),
    loss: z.coerce.number<string>().min(0).max(1),
    without: z.array(z.string()).default([]),
  })
  .refine((set) => !set.digest || set.offline, { path: ['digest'], error: 'needs --offline', when: always })
  .refine((set) => !set.load || !set.offline, {
    path: ['load'],
    error: 'needs a broker; leave out --offline',
    when: always,
  })
  .refine(
    (set) => set.offline || set.list || set.emitRegistry !== undefined || set.credentials !== undefined,
    {
      path: ['credentials'],
      error:
        'a live run needs device passwords. Write the fleet with --emit-registry fleet.json, then: npm run cli -- ' +
        'registry import fleet.json --credentials-out credentials.json',
      when: always,
    },
  )

type Options = z.infer<typeof optionsSchema>

const progressMs = 10_000
const happeningsMs = 1_000

export async function main(argv: readonly string[]): Promise<void> {
  const options = parse(argv)
  if (options.list) return void process.stdout.write(listing())
  // Written at the end; that it cannot be is better known before a night than after it.
  if (options.truth !== undefined) writeFileSync(options.truth, '', { flag: 'a' })
  if (options.replay !== undefined) return replay({ ...options, replay: options.replay })
  const fleet = fleets[options.fleet].build()
  if (options.emitRegistry !== undefined) writeFileSync(options.emitRegistry, registryText(fleet))
  if (options.offline) await runOffline(options, fleet)
  else if (options.load && options.credentials !== undefined)
    await runLoad(options, fleet, options.credentials)
  else if (options.credentials !== undefined) await runLive(options, fleet, options.credentials)
}

/** Recorded meters instead of a fleet. */
async function replay(options: Options & { replay: string }): Promise<void> {
  const began = performance.now()
  const messages = await runReplay(options)
  if (messages) await print(messages, options, began)
}

function parse(argv: readonly string[]): Options {
  const parsed = optionsSchema.safeParse(
    command()
      .parse([...argv], { from: 'user' })
      .opts(),
  )
  if (parsed.success) return parsed.data
  const mistakes = parsed.error.issues.map(({ path, message }) => `--${kebab(path.join('.'))}: ${message}`)
  throw new OperatorError('The simulator cannot start:', mistakes)
}

/** Every scenario and fleet, and the first sentence about it. */
function listing(): string {
  const lines = (rows: readonly (readonly [string, string])[]) =>
    rows.map(([name, about]) => `  ${name.padEnd(20)} ${about.replace(/(?<=[.]) [^]*/, '')}\n`).join('')
  const scenarios = scenarioNames().map((name) => [name, loadScenario(name).about] as const)
  const known = fleetNames.map((name) => [name, fleets[name].about] as const)
  return `Scenarios (--scenario):\n${lines(scenarios)}\nFleets (--fleet):\n${lines(known)}`
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function command(): Command {
  const sim = new Command('sim')
    .description(
      'A simulated fleet of charging sheds, heating loops and water meters: live over MQTT, offline as lines of ' +
        'JSON, or as a load. docs/scenarios.md tells more.',
    )
    .helpOption('-h, --help', 'this')
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .addHelpText('after', examples)
  sim
    .optionsGroup('What runs:')
    .option('--list', 'print every scenario and fleet there is')
    .option('--fleet <name>', `which fleet: ${fleetNames.join(', ')}`, 'demo')
    .option('--scenario <name|file>', 'what happens: a name of --list, or a file', 'calm')
    .option('--seed <n>', 'same seed, same bytes; the scenario’s unless told')
    .option('--upload <s>', 'time between uploads of a flat meter; offline a day, live an hour')
    .option('--without <device...>', 'leave these devices to real ones')
    .option('--truth <file>', 'write what was really broken, where, when and who was affected')
    .option('--emit-registry <file>', 'write the fleet as a registry file, for "registry import"')
  sim
    .optionsGroup('Live:')
    .option('--credentials <file>', 'device passwords, from "registry import --credentials-out"')
    .option('--broker <url>', 'where to connect', 'mqtt://127.0.0.1:1883')
    .option('--speed <n>', 'simulated seconds a second', '1')
    .option('--loss <share>', 'share of the readings that are numbered and never sent', '0')
  sim
    .optionsGroup('Offline:')
    .option('--offline', 'no broker: one line of JSON a message on standard output')
    .option('--hours <n>', 'how much to simulate; the scenario’s days unless told')
    .option('--start <time>', 'when it begins; the scenario’s start unless told')
    .option('--digest', 'only "messages N sha256 H seconds S"')
  sim
    .optionsGroup('Load (live):')
    .option('--load', 'no estates in motion, but all lines and a rate of messages')
    .option('--rate <n>', 'messages a second', '1000')
    .option('--duration <s>', 'how long', '60')
    .option('--connections <n>', 'at most so many lines; all of the fleet’s unless told')
  return sim
    .optionsGroup('Recorded meters (live or offline):')
    .option('--replay <file>', 'play meter,local_time,register_l lines (.csv, .csv.gz) instead of a fleet')
    .option('--replay-zone <zone>', 'whose wall clock the recorded times are', 'Europe/Madrid')
}

const examples = `
Examples:
  sim --offline --scenario hidden-leak --hours 12 > said.jsonl
  sim --offline --scenario ./mine.json --digest --truth truth.json
  sim --emit-registry demo.json
  sim --scenario burst --speed 60 --credentials credentials.json`

async function runOffline(options: Options, fleet: Fleet): Promise<void> {
  const scenario = loadScenario(options.scenario)
  const {
    seed = scenario.seed,
    start = scenario.start,
    hours = scenario.days * 24,
    without,
    upload,
  } = options
  const startMs = Date.parse(start)
  const untilMs = startMs + hours * hourMs
  const uploadS = upload !== undefined ? { uploadS: upload } : {}
  const began = performance.now()
  const simulation = new Simulation({ fleet, scenario, seed, startMs, without, keptShare: 0, ...uploadS })
  await print(saidUntil(untilMs, simulation), options, began)
  const { devices } = simulation
  writeTruth(options, { fleet, scenario, seed, fromMs: startMs, untilMs, devices, tolls: simulation.tolls() })
}

async function print(messages: Iterable<Outgoing>, options: Options, began: number): Promise<void> {
  if (!options.digest) return pipeline(Readable.from(linesOf(messages)), process.stdout, { end: false })
  const { messages: said, sha256 } = digest(messages)
  const seconds = ((performance.now() - began) / 1000).toFixed(2)
  process.stdout.write(`messages ${said} sha256 ${sha256} seconds ${seconds}\n`)
}

function* linesOf(messages: Iterable<Outgoing>): Generator<string, void> {
  for (const { t, device, topic, retain, will, payload } of messages) {
    const said = `"t":${t},"device":"${device}","topic":"${topic}","retain":${retain}`
    yield `{${said}${will ? ',"will":true' : ''},${payloadText(payload)}}\n`
  }
}

/** What a firmware or a line has garbled is no JSON of one line: its bytes then, in base64. */
function payloadText(payload: Uint8Array): string {
  const text = new TextDecoder().decode(payload)
  return isJsonLine(text) ? `"payload":${text}` : `"bytes":"${Buffer.from(payload).toString('base64')}"`
}

function isJsonLine(text: string): boolean {
  try {
    JSON.parse(text)
    return !text.includes('\n')
  } catch (cause) {
    if (cause instanceof SyntaxError) return false
    throw cause
  }
}

async function runLive(options: Options, fleet: Fleet, credentialsFile: string): Promise<void> {
  const scenario = loadScenario(options.scenario)
  const { broker, seed = scenario.seed, speed, loss, without, upload } = options
  const estate = new SimulatedEstate({
    brokerUrl: broker,
    credentials: readCredentials(credentialsFile),
    fleet,
    scenario,
    seed,
    speed,
    loss,
    ...(upload !== undefined && { uploadS: upload }),
    without,
    clock: systemClock,
    log: openLog('sim', process.env['LOG_LEVEL'] ?? 'info'),
  })
  const release = keepAlive()
  estate.start()
  const { devices } = estate.counts()
  process.stdout.write(
    `${scenario.name} on ${fleet.name}, seed ${seed}, speed ${speed}: ${devices} lines to ${broker}; Ctrl-C ends it\n`,
  )
  const cancelHappenings = systemClock.every(happeningsMs, teller(scenario, estate))
  const cancelProgress = systemClock.every(progressMs, () => printProgress(estate, speed))
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
  cancelHappenings()
  cancelProgress()
  printProgress(estate, speed)
  await estate.stop()
  writeTruth(options, {
    fleet,
    scenario,
    seed,
    fromMs: estate.beganMs,
    untilMs: estate.nowMs(),
    devices: estate.devices,
    tolls: estate.tolls(),
  })
  release()
}

/** Says what breaks and what is repaired, once its time has come. */
function teller({ faults }: Scenario, estate: SimulatedEstate): () => void {
  const happenings = faults
    .flatMap(({ fault, target, t, until, strike }) => [
      { t, what: `${fault} at ${target}` },
      ...(until !== undefined && strike.end ? [{ t: until, what: `${fault} at ${target} is repaired` }] : []),
    ])
    .sort((a, b) => a.t - b.t)
  return () => {
    const elapsedS = (estate.nowMs() - estate.beganMs) / 1000
    while ((happenings[0]?.t ?? Infinity) <= elapsedS) {
      const { t = 0, what = '' } = happenings.shift() ?? {}
      process.stdout.write(`${new Date(estate.beganMs + t * 1000).toISOString()} ${what}\n`)
    }
  }
}

/** Exit code 1 when something was not acknowledged. */
async function runLoad(options: Options, fleet: Fleet, credentialsFile: string): Promise<void> {
  const { broker, seed = ordinaryDay.seed, rate, duration, connections, without } = options
  const run = new LoadRun({
    brokerUrl: broker,
    credentials: readCredentials(credentialsFile),
    fleet,
    seed,
    ratePerS: rate,
    durationS: duration,
    ...(connections !== undefined && { connections }),
    without,
    clock: systemClock,
    log: openLog('sim', process.env['LOG_LEVEL'] ?? 'info'),
  })
  const release = keepAlive()
  process.once('SIGINT', () => run.stop())
  process.once('SIGTERM', () => run.stop())
  const cancelProgress = systemClock.every(progressMs, () => {
    const { lines, connected, sent, acknowledged, waiting } = run.counts()
    process.stdout.write(
      `${new Date(systemClock.now()).toISOString()} rate ${rate} connected ${connected}/${lines} ` +
        `sent ${sent} acknowledged ${acknowledged} waiting ${waiting}\n`,
    )
  })
  const { sent, acknowledged, waiting } = await run.run()
  cancelProgress()
  release()
  process.stdout.write(`sent ${sent} acknowledged ${acknowledged} refused ${waiting}\n`)
  if (waiting > 0) process.exitCode = 1
}

function writeTruth({ truth }: Options, run: Run): void {
  if (truth !== undefined) writeFileSync(truth, `${JSON.stringify(groundTruth(run), undefined, 2)}\n`)
}

function printProgress(estate: SimulatedEstate, speed: number): void {
  const { devices, connected, acknowledged, waiting, forgotten, rejected, failure } = estate.counts()
  const time = new Date(estate.nowMs()).toISOString()
  const why = failure === undefined ? '' : ` (${failure})`
  process.stdout.write(
    `${time} speed ${speed} connected ${connected}/${devices} acknowledged ${acknowledged} ` +
      `waiting ${waiting} forgotten ${forgotten} rejected ${rejected}${why}\n`,
  )
}

/** A file that cannot be read or written where the operator said. */
function isUnopened(cause: unknown): cause is Error {
  return cause instanceof Error && 'syscall' in cause && cause.syscall === 'open'
}

/** Help is an answer, a wrong option the operator's mistake: exit 2, as everywhere. */
async function run(): Promise<void> {
  try {
    await main(process.argv.slice(2))
  } catch (cause) {
    if (cause instanceof CommanderError && cause.exitCode === 0) return
    if (cause instanceof Error && 'code' in cause && cause.code === 'EPIPE') return
    const isMistake = cause instanceof OperatorError || cause instanceof CommanderError || isUnopened(cause)
    if (!isMistake) throw cause
    process.stderr.write(`${cause.message}\n`)
    process.exitCode = 2
  }
}

if (import.meta.main) await run()
