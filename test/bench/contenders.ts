import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readCredentials } from '../../device-sim/credentials.ts'
import { freePort } from '../support/programs.ts'
import { RunningSystem } from '../support/system.ts'
import { entranceRegistry, type Entrance } from './entrances.ts'
import { listens, startProgram, type ProgramOptions } from './program.ts'

/** What is compared, each as its users run it. The same bytes go to all of them; the peers are in `peers/`.
 *
 *      pipeline   this system: broker, ingest and dashboard, devices with credentials, fault engine on
 *      node-red   mosquitto -> Node-RED (mqtt in, json, function, join, influxdb batch)
 *      script     mosquitto -> mqtt.js and the InfluxDB client by hand */
export const contenderNames = ['pipeline', 'node-red', 'script'] as const
export type ContenderName = (typeof contenderNames)[number]

/** Where a contender plays: an InfluxDB of its own and an empty folder. */
export interface Stage {
  influxUrl: string
  folder: string
  members: readonly Entrance[]
  /** The program of the Node-RED that plays. */
  nodeRed: string
  onStop: (name: string, stop: () => Promise<void>) => void
}

/** Where the devices go. */
export interface Door {
  port: number
  /** Device -> password; empty where everybody is let in. */
  passwords: Record<string, string>
}

export const database = 'bench'

export const contenders: Record<ContenderName, (stage: Stage) => Promise<Door>> = {
  pipeline: startEstatePulse,
  'node-red': startNodeRed,
  script: startScript,
}

async function startEstatePulse({ influxUrl, folder, members, onStop }: Stage): Promise<Door> {
  const starting = RunningSystem.start({
    roles: ['broker', 'ingest', 'dashboard'],
    environment: { LOG_LEVEL: 'warn', INFLUX_URL: influxUrl, INFLUX_DATABASE: database },
  })
  onStop('Estate Pulse', async () => {
    await (await starting).stop()
  })
  const system = await starting
  const [registry, credentials] = [join(folder, 'registry.json'), join(folder, 'credentials.json')]
  writeFileSync(registry, JSON.stringify(entranceRegistry(members)))
  const { code, stderr } = await system.cli('registry', 'import', registry, '--credentials-out', credentials)
  if (code !== 0) throw new Error(`the registry was not imported: ${stderr}`)
  return { port: Number(system.mqttPort), passwords: Object.fromEntries(readCredentials(credentials)) }
}

const peers = join(import.meta.dirname, 'peers')
const nodeModules = resolve(import.meta.dirname, '../../node_modules')

async function startNodeRed(stage: Stage): Promise<Door> {
  const port = await startMosquitto(stage)
  const userDir = join(stage.folder, 'node-red')
  mkdirSync(join(userDir, 'node_modules'), { recursive: true })
  symlinkSync(
    join(nodeModules, 'node-red-contrib-influxdb'),
    join(userDir, 'node_modules/node-red-contrib-influxdb'),
  )
  // Node-RED keeps files beside its flow.
  const flow = join(userDir, 'flows.json')
  copyFileSync(join(peers, 'node-red-flow.json'), flow)
  const web = ['--port', String(await freePort()), '-D', 'uiHost=127.0.0.1']
  await startPeer(stage, port, {
    program: process.execPath,
    parameters: [stage.nodeRed, '--userDir', userDir, ...web, flow],
    ready: (printed) => printed.includes('Connected to broker'),
  })
  return { port, passwords: {} }
}

async function startScript(stage: Stage): Promise<Door> {
  const port = await startMosquitto(stage)
  await startPeer(stage, port, {
    program: process.execPath,
    parameters: [join(peers, 'script.ts')],
    ready: (printed) => printed.includes('ready'),
  })
  return { port, passwords: {} }
}

async function startMosquitto({ folder, onStop }: Stage): Promise<number> {
  const port = await freePort()
  const file = join(folder, 'mosquitto.conf')
  const settings = readFileSync(join(peers, 'mosquitto.conf'), 'utf8')
  writeFileSync(file, settings.replace('listener 1883', `listener ${port}`))
  const starting = startProgram({
    program: 'mosquitto',
    parameters: ['-c', file],
    ready: () => listens(port),
  })
  onStop('mosquitto', async () => (await starting).stop())
  await starting
  return port
}

async function startPeer(
  { influxUrl, onStop }: Stage,
  port: number,
  program: Omit<ProgramOptions, 'environment'>,
): Promise<void> {
  const environment = { MQTT_PORT: String(port), INFLUX_PORT: new URL(influxUrl).port }
  const starting = startProgram({ ...program, environment })
  onStop('peer', async () => (await starting).stop())
  await starting
}
