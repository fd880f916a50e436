import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connectAsync } from 'mqtt'
import { serverKey, serviceSecret } from '../../estate/server-key.ts'
import { readCredentials, type Credentials } from '../../device-sim/credentials.ts'
import { randomFor } from '../../device-sim/random.ts'
import { startInfluxd, type RunningInfluxd } from '../support/influxd.ts'
import { RunningSystem } from '../support/system.ts'
import { database, settle } from './aftermath.ts'
import { injure, planInjuries, type Bound, type Patient } from './injuries.ts'
import { Listener, type ListenerOptions } from './listener.ts'
import { chaosRegistry, meterName, Meters, site } from './meters.ts'
import { Relay } from './relay.ts'

/** The real system under load while parts of it are killed, frozen, cut off and filled up; then the books. */
export interface ChaosOptions {
  seed: number
  minutes: number
  /** On the embedded store instead of a real InfluxDB. */
  embedded: boolean
  /** Bounds the intake log itself, as where no small disk can be mounted: it is filled, and the disk is not. */
  quota: boolean
  meters: number
  /** Messages per second. */
  rate: number
  say: (line: string) => void
}

export interface ChaosResult {
  ok: boolean
  line: string
  complaints: string[]
  /** Left in place when something went wrong. */
  folder: string
}

const smallDiskMb = 192
const quotaMib = 4
const intruderEveryMs = 5_000

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const folder = mkdtempSync(join(tmpdir(), `chaos-${options.seed}-`))
  const dataDir = join(folder, 'data')
  mkdirSync(dataDir)
  const bound: Bound = !options.quota && mountSmallDisk(dataDir) ? 'disk' : 'quota'
  if (bound === 'quota' && options.embedded)
    options.say('nothing is filled: that takes a small disk, or InfluxDB')
  const influxd = options.embedded ? undefined : await startInfluxd()
  let result: ChaosResult | undefined
  try {
    result = await run({ ...options, folder, dataDir, bound, influxd })
    return result
  } finally {
    await influxd?.stop()
    if (bound === 'disk') keepWhat(result, dataDir, folder)
    if (result?.ok) rmSync(folder, { recursive: true, force: true })
  }
}

interface Bed extends ChaosOptions {
  folder: string
  dataDir: string
  bound: Bound
  influxd: RunningInfluxd | undefined
}

async function run(bed: Bed): Promise<ChaosResult> {
  const { seed, dataDir, bound, influxd } = bed
  const system = await RunningSystem.start({
    dataDir,
    roles: ['broker', 'ingest', 'dashboard'],
    environment: {
      LOG_LEVEL: 'warn',
      ...(bound === 'quota' && { INTAKE_MAX_MIB: String(quotaMib) }),
      ...(influxd && { INFLUX_URL: influxd.url, INFLUX_DATABASE: database }),
    },
  })
  const relay = new Relay({ host: '127.0.0.1', port: Number(system.mqttPort) })
  const patient = { system, influxd, relay, random: randomFor(seed, 'chaos', 'noise'), bound }
  try {
    await system.signIn()
    const credentials = await importMeters(system, bed)
    const brokerUrl = await relay.start()
    const meters = new Meters({ brokerUrl, credentials, seed, rate: bed.rate })
    const follower = { brokerUrl, login: followerLogin(dataDir) }
    const listener = new Listener(follower)
    await listener.start()
    const kills = await load(bed, { patient, meters, credentials })
    const { line, complaints } = await settle({ patient, meters, follower, listener, kills, dataDir })
    return { ok: complaints.length === 0, line, complaints, folder: bed.folder }
  } finally {
    await relay.stop()
    await system.stop()
    writeFileSync(join(bed.folder, 'system.log'), system.stderr)
  }
}

/** Nobody runs Node-RED here, so its name is free. */
function followerLogin(dataDir: string): ListenerOptions['login'] {
  const username = 'srv-flows'
  return { username, password: serviceSecret(serverKey(dataDir), username) }
}

async function importMeters(system: RunningSystem, { folder, meters }: Bed): Promise<Credentials> {
  const [registry, credentials] = [join(folder, 'registry.json'), join(folder, 'credentials.json')]
  writeFileSync(registry, JSON.stringify(chaosRegistry(meters)))
  const { code, stderr } = await system.cli('registry', 'import', registry, '--credentials-out', credentials)
  if (code !== 0) throw new Error(`the registry was not imported: ${stderr}`)
  return readCredentials(credentials)
}

/** Resolves with the number of processes killed. */
async function load(
  { seed, minutes, embedded, bound, say }: Bed,
  { patient, meters, credentials }: { patient: Patient; meters: Meters; credentials: Credentials },
): Promise<number> {
  const lengthMs = minutes * 60_000
  meters.start()
  const beganMs = performance.now()
  const intruder = setInterval(() => void intrude(patient.system, credentials), intruderEveryMs)
  let kills = 0
  for (const injury of planInjuries({ seed, lengthMs, embedded, bound })) {
    await pause(Math.max(0, beganMs + injury.atMs - performance.now()))
    say(`${(injury.atMs / 1_000).toFixed(1)} s ${injury.name} for ${injury.forMs} ms`)
    kills += await injure(patient, injury)
  }
  await pause(Math.max(0, beganMs + lengthMs - performance.now()))
  clearInterval(intruder)
  return kills
}

/** A device that says what another one should: refused at the door, and nothing of it is kept. */
async function intrude(system: RunningSystem, credentials: Credentials): Promise<void> {
  const [username, neighbour] = [meterName(1), meterName(2)]
  const password = credentials.get(username) ?? ''
  try {
    const client = await connectAsync(system.mqttUrl, {
      ...{ username, password, clientId: 'intruder', reconnectPeriod: 0, connectTimeout: 1_000 },
    })
    client.on('error', () => client.end(true))
    client.publish(`est/1/${site}/water-meter/${neighbour}/tele`, 'x', { qos: 1 })
    setTimeout(() => client.end(true), 1_000)
  } catch {
    // The broker is away just now.
  }
}

/** A disk that can be filled without harm: a tmpfs, where we may mount one. False elsewhere. */
function mountSmallDisk(folder: string): boolean {
  if (process.getuid?.() !== 0) return false
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${smallDiskMb}m`, 'chaos', folder], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** The files of a run that failed outlive its disk. */
function keepWhat(result: ChaosResult | undefined, dataDir: string, folder: string): void {
  if (!result?.ok) execFileSync('cp', ['-r', dataDir, join(folder, 'kept')])
  execFileSync('umount', ['-l', dataDir])
}
