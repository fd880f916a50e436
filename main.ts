import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AggregatorRegistry } from 'prom-client'
import { z } from 'zod'
import { Broker } from './broker/broker.ts'
import { ExternalIntake } from './broker/external-intake.ts'
import { Strangers } from './broker/strangers.ts'
import { BrokerMemory } from './broker/memory.ts'
import { NodeRedHost } from './dashboard/flows/node-red-host.ts'
import { DashboardServer } from './dashboard/server/dashboard-server.ts'
import { readCredentials } from './device-sim/credentials.ts'
import { demoFleet } from './device-sim/fleets/demo.ts'
import { SimulatedEstate } from './device-sim/live.ts'
import { demoRegistry } from './device-sim/registry-file.ts'
import { loadScenario } from './device-sim/scenarios/scenario.ts'
import { command, runCommand } from './estate/commands.ts'
import { CredentialVerifier } from './estate/credentials.ts'
import { CurrentRegistry } from './estate/current-registry.ts'
import { EvidenceBook } from './estate/kept-evidence.ts'
import { OrderBook } from './estate/order-book.ts'
import { PhotoAlbum } from './estate/photos/photo-album.ts'
import { openRecords } from './estate/records.ts'
import { digest, serverKey, serviceSecret } from './estate/server-key.ts'
import { Staff } from './estate/staff.ts'
import { Ingest } from './ingest/ingest.ts'
import { ingestCommand, runIngestCommand } from './ingest/ingest-commands.ts'
import { keepAlive, systemClock as clock } from './platform/clock.ts'
import { askServer, CommandSocket } from './platform/command-socket.ts'
import { parseConfig, type Config, type MqttAccess } from './platform/config.ts'
import { IntakeLog } from './platform/intake-log.ts'
import { intakeConsumers } from './platform/intake-message.ts'
import { openIntakeReader } from './platform/intake-reader.ts'
import { Lifecycle } from './platform/lifecycle.ts'
import { openLog, type Log } from './platform/log.ts'
import { openMetrics, type Metrics } from './platform/metrics.ts'
import { OperatorError } from './platform/operator-error.ts'
import { linkRole, type RoleLink } from './platform/role-link.ts'
import { RoleEnded } from './platform/role-process.ts'
import { planRoles, type Role, type RolePlan } from './platform/roles.ts'
import { Supervisor } from './platform/supervisor.ts'

/** The only composition root: node main.ts [broker] [ingest] [dashboard] [flows] [sim].
 *
 *  Roles that share a process run right here; several processes are run by the supervisor, which starts this
 *  same file once for each. */

interface Parts {
  config: Config
  logger: Log
  metrics: Metrics
  lifecycle: Lifecycle
  link: RoleLink
  /** Ends this process, in order; the supervisor starts it again. */
  fail: (cause: unknown) => void
}

/** What roles answer when they are asked. */
const health = z.object({ ok: z.boolean(), detail: z.string() })
const metricsJson = z.array(z.custom<object>((value) => typeof value === 'object' && value !== null))

/** Consumer of the intake log -> the position up to which it has dealt with everything. */
const cursors = z.partialRecord(z.enum(intakeConsumers), z.int().min(0))
/** The broker keeps the pace of history by these reports. */
const cursorReportMs = 100

/** The simulated winter lasts all year, so the demo estate says that it heats. */
const demoSeason = {
  name: 'parameters set',
  set: { season: { announced: [{ mode: 'heating', fromMs: 0 }] } },
  site: 'hengkang',
  who: 'the demo',
  why: 'the simulated estate heats all year',
}

const stopped = Promise.withResolvers<void>()
let exitCode = 0

try {
  const plan = planRoles(process.argv.slice(2))
  const config = parseConfig(process.env)
  mkdirSync(config.dataDir, { recursive: true })
  const logger = openLog(plan.processes.flat().join('+'), config.logLevel)
  const lifecycle = new Lifecycle(logger)
  stopOnSignals()
  lifecycle.onStop('process', keepAlive())
  try {
    if (plan.processes.length > 1) await supervise(plan, config, { logger, lifecycle })
    else await play(plan.processes[0] ?? [], config, { logger, lifecycle })
    await stopped.promise
  } finally {
    await lifecycle.stop()
  }
} catch (cause) {
  exitCode = explain(cause)
}
process.exit(exitCode)

/** A role under a supervisor leaves Ctrl-C to it: the terminal signals everyone at once. */
function stopOnSignals(): void {
  process.on('SIGINT', () => (process.send ? undefined : stopped.resolve()))
  process.on('SIGTERM', () => stopped.resolve())
}

/** The operator's mistakes are said plainly and end with 2; a role has said itself why it could not start. */
function explain(cause: unknown): number {
  if (cause instanceof RoleEnded) return cause.exitCode
  process.stderr.write(cause instanceof OperatorError ? `${cause.message}\n` : `${String(cause)}\n`)
  if (cause instanceof OperatorError) return 2
  if (cause instanceof Error) process.stderr.write(`${cause.stack}\n`)
  return 1
}

async function supervise(
  plan: RolePlan,
  config: Config,
  { logger, lifecycle }: Pick<Parts, 'logger' | 'lifecycle'>,
): Promise<void> {
  const supervisor = new Supervisor({
    entry: import.meta.filename,
    dataDir: config.dataDir,
    ...plan,
    environment: process.env,
    print: (line) => process.stdout.write(`${line}\n`),
    clock,
    log: logger,
  })
  lifecycle.onStop('supervisor', () => supervisor.stop())
  await Promise.race([supervisor.start(), stopped.promise])
}

async function play(
  roles: readonly Role[],
  config: Config,
  { logger, lifecycle }: Pick<Parts, 'logger' | 'lifecycle'>,
): Promise<void> {
  const name = roles.join('+')
  const metrics = openMetrics(name)
  const link = linkRole(name, () => stopped.resolve())
  const fail = (cause: unknown) => {
    logger.fatal({ err: cause }, 'this role cannot go on')
    exitCode = 1
    stopped.resolve()
  }
  process.on('uncaughtException', fail)
  link.answer('metrics', () => metrics.getMetricsAsJSON())
  const parts = { config, logger, metrics, lifecycle, link, fail }
  if (roles.includes('broker')) await startBroker(parts)
  if (roles.includes('ingest')) await startDashboard(parts, await startIngest(parts))
  if (roles.includes('flows')) await startFlows(parts)
  if (roles.includes('sim')) await startSim(parts)
  link.ready()
}

async function startBroker(parts: Parts): Promise<void> {
  const { config, logger, metrics, lifecycle, link } = parts
  const file = intakeFileOf(config)
  const intake = new IntakeLog({ file, maxBytes: config.intakeMaxBytes, clock, logger, metrics })
  await intake.start(parts.fail)
  lifecycle.onStop('intake log', () => intake.stop())
  let asking: Promise<void> | undefined
  const ask = () => {
    asking ??= collectCursors(link, intake, config).finally(() => (asking = undefined))
  }
  lifecycle.onStop('cursor reports', clock.every(cursorReportMs, ask))
  const { external } = config.mqtt
  if (external) await listenOutside(external, parts, intake)
  else await openBroker(parts, intake)
}

async function openBroker(
  { config, logger, metrics, lifecycle, link }: Parts,
  intake: IntakeLog,
): Promise<void> {
  const records = await openRecords(join(config.dataDir, 'records.db'))
  lifecycle.onStop('records', () => records.destroy())
  const verifier = new CredentialVerifier(records, serverKey(config.dataDir))
  const memory = new BrokerMemory({
    file: join(config.dataDir, 'broker.db'),
    onCursor: (position) => intake.reportCursor('broker', position),
    clock,
    logger,
    metrics,
  })
  await memory.start(intakeFileOf(config))
  lifecycle.onStop('memory of the broker', () => memory.stop())
  const verify = verifier.verify.bind(verifier)
  const broker = new Broker({ ...config.mqtt, verify, intake, memory, clock, logger, metrics })
  const { host, port } = await broker.start()
  lifecycle.onStop('broker', () => broker.stop())
  link.answer('health', () => {
    const own = intake.health()
    return Promise.resolve(own.ok ? memory.health() : own)
  })
  link.listening('mqtt', `mqtt://${host}:${port}`)
}

/** Devices talk to an external broker, and so do we. */
async function listenOutside(
  access: MqttAccess,
  { config, logger, metrics, lifecycle, link }: Parts,
  intake: IntakeLog,
): Promise<void> {
  const records = await openRecords(join(config.dataDir, 'records.db'))
  lifecycle.onStop('records', () => records.destroy())
  const registry = new CurrentRegistry({ records, clock, logger })
  await registry.start()
  lifecycle.onStop('registry', () => registry.stop())
  const isRegistered = (device: string) => registry.get().device(device) !== undefined
  const strangers = new Strangers({ isRegistered, logger, metrics })
  const reader = openIntakeReader(intakeFileOf(config))
  strangers.recall(reader)
  reader.close()
  registry.onChange(() => strangers.review())
  const external = new ExternalIntake({ ...access, intake, strangers, clock, logger, metrics })
  external.start()
  lifecycle.onStop('external intake', () => external.stop())
  link.answer('health', () => {
    const own = intake.health()
    return Promise.resolve(own.ok ? external.health() : own)
  })
}

/** The log's writer asks its consumers how far they have got; whoever could tell it over MQTT could have it
 *  throw away what was never read. Sessions and retained messages are an external broker's own to keep: what
 *  ours would do for them is done as soon as anyone is done. */
async function collectCursors(link: RoleLink, intake: IntakeLog, { mqtt }: Config): Promise<void> {
  const answers = await link.gather('cursors')
  const reports = answers.flatMap(({ body }) => Object.entries(cursors.safeParse(body).data ?? {}))
  for (const [consumer, position] of reports) intake.reportCursor(consumer, position)
  if (mqtt.external && reports.length > 0)
    intake.reportCursor('broker', Math.max(...reports.map(([, position]) => position)))
}

type IngestParts = Awaited<ReturnType<typeof startIngest>>

async function startIngest({ config, logger, metrics, lifecycle, link, fail }: Parts) {
  const key = serverKey(config.dataDir)
  const { timeZone } = config
  const records = await openRecords(join(config.dataDir, 'records.db'))
  lifecycle.onStop('records', () => records.destroy())
  const registry = new CurrentRegistry({ records, clock, logger })
  await registry.start()
  lifecycle.onStop('registry', () => registry.stop())
  const orders = new OrderBook({ records, timeZone })
  const photos = new PhotoAlbum({ folder: join(config.dataDir, 'photos'), orders, clock })
  const swept = await photos.start()
  if (swept > 0) logger.info({ swept }, 'photos whose work order never heard of them were removed')
  const ingest = new Ingest({
    config,
    mqtt: mqttAccess(config, 'srv-ingest'),
    records,
    registry,
    orders,
    clock,
    logger,
    metrics,
  })
  const commands = new CommandSocket({
    path: commandSocketOf(config),
    run: async (asked) => {
      const forIngest = ingestCommand.safeParse(asked)
      if (forIngest.success) return runIngestCommand(ingest, forIngest.data)
      const answer = await runCommand({ records, key, timeZone, clock }, command.parse(asked))
      // Who has the answer to an import may ask for its devices at once.
      await registry.refresh()
      return answer
    },
    logger,
  })
  await commands.start()
  lifecycle.onStop('command socket', () => commands.stop())
  await ingest.start(fail)
  lifecycle.onStop('ingest', () => ingest.stop())
  link.answer('health', () => Promise.resolve(ingest.health()))
  link.answer('cursors', () => Promise.resolve(ingest.cursors()))
  const evidence = new EvidenceBook(records)
  const staff = new Staff({ records, clock })
  return { ingest, registry, orders, photos, evidence, staff }
}

async function startDashboard(
  { config, logger, lifecycle, link }: Parts,
  { ingest, registry, orders, photos, evidence, staff }: IngestParts,
): Promise<void> {
  const first = await staff.ensureFirst()
  if (first) link.announce(`staff login ${first.name} ${first.password}`)
  const dashboard = new DashboardServer({
    config: {
      ...config.http,
      clientDir: join(import.meta.dirname, 'dist/client'),
      timeZone: config.timeZone,
    },
    registry: () => registry.get(),
    live: ingest.live,
    history: ingest.history,
    orders,
    photos,
    levelsFor: (order) => ingest.levels.for(order),
    evidence: (order) => evidence.of(order),
    staff,
    faults: ingest.faults,
    flood: () => ingest.flood(),
    webhooks: ingest.webhooks,
    alarmQuality: (wish) => ingest.alarmQuality(wish),
    ledger: (wish) => ingest.ledger(wish),
    quarantine: ingest.quarantine,
    parameters: ingest.parameters,
    whatIf: (wish) => ingest.whatIf.ask(wish),
    health: () => healthOfAll(link),
    metricsText: () => metricsOfAll(link),
    flows: { socketPath: flowsSocketOf(config), ensureStarted: () => link.ensure('flows') },
    clock,
    log: logger,
  })
  const { host, port } = await dashboard.start()
  lifecycle.onStop('dashboard', () => dashboard.stop())
  link.listening('http', `http://${host}:${port}`)
}

async function startFlows({ config, logger, lifecycle, link }: Parts): Promise<void> {
  const key = serverKey(config.dataDir)
  const flows = new NodeRedHost({
    socketPath: flowsSocketOf(config),
    userDir: join(config.dataDir, 'flows'),
    credentialSecret: digest(key, 'flows:credentials'),
    mqtt: mqttAccess(config, 'srv-flows'),
    logger,
  })
  await flows.start()
  lifecycle.onStop('flows', () => flows.stop())
  link.answer('health', () => Promise.resolve({ ok: true, detail: 'Node-RED runs' }))
}

/** The demo estate takes the operator's path: a registry file, imported by the command that the CLI sends, and
 *  the credentials that come back. A second start finds them and connects again. */
async function startSim({ config, logger, lifecycle, link }: Parts): Promise<void> {
  const credentialsFile = join(config.dataDir, 'demo-credentials.json')
  if (!existsSync(credentialsFile)) {
    const asked = { name: 'registry import', registry: demoRegistry(), dryRun: false, credentials: true }
    const answered = await askServer(commandSocketOf(config), asked)
    const { credentials } = z.object({ credentials: z.array(z.unknown()) }).parse(answered?.result)
    const text = JSON.stringify({ format: 'estate-credentials/1', credentials })
    await askServer(commandSocketOf(config), demoSeason)
    writeFileSync(credentialsFile, `${text}\n`, { mode: 0o600 })
  }
  const estate = new SimulatedEstate({
    brokerUrl: config.mqtt.external?.url ?? ownBrokerUrl(config),
    ...(config.mqtt.external?.login && { login: config.mqtt.external.login }),
    credentials: readCredentials(credentialsFile),
    fleet: demoFleet(),
    scenario: loadScenario('burst'),
    seed: 5,
    clock,
    log: logger,
  })
  estate.start()
  lifecycle.onStop('simulated estate', () => estate.stop())
  link.answer('health', () => Promise.resolve({ ok: true, detail: 'the simulated estate runs' }))
}

/** At our own broker each role has a secret of its own; at an external one all share the operator's login. */
function mqttAccess(config: Config, service: string): MqttAccess {
  if (config.mqtt.external) return config.mqtt.external
  const password = serviceSecret(serverKey(config.dataDir), service)
  return { url: ownBrokerUrl(config), login: { username: service, password } }
}

function ownBrokerUrl({ mqtt }: Config): string {
  return `mqtt://${mqtt.host}:${mqtt.port}`
}

function intakeFileOf({ dataDir }: Config): string {
  return join(dataDir, 'intake.db')
}

function commandSocketOf({ dataDir }: Config): string {
  return join(dataDir, 'run', 'cli.sock')
}

function flowsSocketOf({ dataDir }: Config): string {
  return join(dataDir, 'run', 'flows.sock')
}

/** Ready to take readings: the broker writes its log, and history takes them. */
async function healthOfAll(
  link: RoleLink,
): Promise<{ ok: boolean; details: Record<string, z.infer<typeof health>> }> {
  const answers = await link.gather('health')
  const details = Object.fromEntries(answers.map(({ role, body }) => [role, health.parse(body)]))
  details['broker'] ??= { ok: false, detail: 'the broker does not answer' }
  return { ok: Object.values(details).every(({ ok }) => ok), details }
}

async function metricsOfAll(link: RoleLink): Promise<string> {
  const answers = await link.gather('metrics')
  return AggregatorRegistry.aggregate(answers.map(({ body }) => metricsJson.parse(body))).metrics()
}
