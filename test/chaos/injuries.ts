import { existsSync, rmSync, writeSync, openSync, closeSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { randomFor, uniform, type Random } from '../../device-sim/random.ts'
import type { RunningInfluxd } from '../support/influxd.ts'
import { until, type RunningSystem } from '../support/system.ts'
import type { Relay } from './relay.ts'

/** What is done to the system, and when: drawn from the seed, so that a run can be had again. */
const injuryNames = [
  'kill broker',
  'kill ingest',
  'kill everything',
  'freeze broker',
  'freeze ingest',
  'kill influxd',
  'restart influxd',
  'freeze influxd',
  'cut the lines',
  'fill the disk',
  'talk garbage',
] as const
export type InjuryName = (typeof injuryNames)[number]

export interface Injury {
  /** Since the beginning of the load. */
  atMs: number
  name: InjuryName
  /** How long it lasts, where it lasts. */
  forMs: number
}

const firstMs = 3_000
const shortestMs = 400
const longestMs = 3_000
const fullLimitMs = 60_000
const roomLimitMs = 60_000
const restMs = [1_000, 4_000] as const

/** What bounds the intake log: a small disk of its own, or its own limit. */
export type Bound = 'disk' | 'quota'

export interface InjuryPlan {
  seed: number
  lengthMs: number
  embedded: boolean
  bound: Bound
}

/** One after the other, with a rest in between, over `lengthMs`; each kind once before any comes again. */
export function planInjuries({ seed, lengthMs, embedded, bound }: InjuryPlan): Injury[] {
  const random = randomFor(seed, 'chaos', 'injuries')
  // A quota is filled by an InfluxDB that hangs.
  const needsInflux = (name: InjuryName) =>
    name.includes('influxd') || (bound === 'quota' && name === 'fill the disk')
  const possible = injuryNames.filter((name) => !embedded || !needsInflux(name))
  const plan: Injury[] = []
  let deck: InjuryName[] = []
  for (let atMs = firstMs; atMs < lengthMs;) {
    if (deck.length === 0) deck = shuffled(possible, random)
    const name = deck.pop()
    if (name === undefined) return plan
    const forMs = Math.round(uniform(random, shortestMs, longestMs))
    plan.push({ atMs: Math.round(atMs), name, forMs })
    atMs += forMs + uniform(random, ...restMs)
  }
  return plan
}

function shuffled(names: readonly InjuryName[], random: Random): InjuryName[] {
  return names
    .map((name) => ({ name, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name)
}

export interface Patient {
  system: RunningSystem
  influxd: RunningInfluxd | undefined
  relay: Relay
  random: Random
  bound: Bound
}

/** Does it and undoes it. Resolves with the number of processes killed. */
export async function injure(patient: Patient, { name, forMs }: Injury): Promise<number> {
  const { system, influxd, relay } = patient
  switch (name) {
    case 'kill broker':
    case 'kill ingest':
      return kill(system, name.slice('kill '.length))
    case 'kill everything':
      await system.crash()
      return 1
    case 'freeze broker':
    case 'freeze ingest':
      await freeze(system, name.slice('freeze '.length), forMs)
      return 0
    case 'kill influxd':
      await influxd?.kill()
      await pause(forMs)
      await influxd?.restart()
      return 1
    case 'restart influxd':
      await influxd?.restart()
      return 1
    case 'freeze influxd':
      await influxd?.freeze()
      await pause(forMs)
      influxd?.thaw()
      return 0
    case 'cut the lines':
      relay.cut()
      await pause(forMs)
      relay.heal()
      return 0
    case 'fill the disk':
      if (patient.bound === 'disk') await fillDisk(system.dataDir, forMs)
      else if (influxd) await fillQuota(system, influxd)
      return 0
    case 'talk garbage':
      await Promise.all(Array.from({ length: 20 }, () => talkGarbage(system, patient.random)))
      return 0
  }
}

/** A role that is being started again just now has nobody to kill. */
async function kill(system: RunningSystem, role: string): Promise<number> {
  if (system.rolePid(role) === undefined) return 0
  await system.killRole(role)
  return 1
}

async function freeze(system: RunningSystem, role: string, forMs: number): Promise<void> {
  const pid = system.rolePid(role)
  if (pid === undefined) return
  process.kill(pid, 'SIGSTOP')
  await pause(forMs)
  process.kill(pid, 'SIGCONT')
}

export function heal(patient: Patient): void {
  patient.relay.heal()
  patient.influxd?.thaw()
  rmSync(fillerIn(patient.system.dataDir), { force: true })
}

const fillerIn = (folder: string) => join(folder, 'filler')

/** Nothing is stored until the log is at its limit and refuses; then it has to take messages again by itself. */
async function fillQuota(system: RunningSystem, influxd: RunningInfluxd): Promise<void> {
  await influxd.freeze()
  await until('a full intake log', async () => (await isFull(system)) === true, fullLimitMs)
  influxd.thaw()
  await until('room in the intake log', async () => (await isFull(system)) === false, roomLimitMs)
}

/** What `/readyz` says; nothing while nobody answers, because a role is being started again. */
async function isFull(system: RunningSystem): Promise<boolean | undefined> {
  try {
    const response = await system.fetch('/readyz')
    return response.status === 503 && (await response.text()).includes('the intake log is full')
  } catch {
    return undefined
  }
}

async function fillDisk(folder: string, forMs: number): Promise<void> {
  const file = fillerIn(folder)
  const endMs = performance.now() + forMs
  const block = Buffer.alloc(256 * 1024)
  const opened = openSync(file, 'w')
  // What is freed meanwhile is taken, too.
  while (performance.now() < endMs) {
    try {
      while (existsSync(file)) writeSync(opened, block)
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC')) throw cause
    }
    await pause(50)
  }
  closeSync(opened)
  rmSync(file, { force: true })
}

/** Somebody who does not speak MQTT at the devices' door. */
function talkGarbage(system: RunningSystem, random: Random): Promise<void> {
  const noise = Buffer.from(Array.from({ length: 2_000 }, () => Math.floor(random() * 256)))
  return new Promise((resolve) => {
    const socket = connect(Number(system.mqttPort), '127.0.0.1', () => socket.end(noise))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve())
    socket.resume()
    socket.setTimeout(2_000, () => socket.destroy())
  })
}
