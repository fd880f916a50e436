import { writeFileSync } from 'node:fs'
import { keepAlive, systemClock } from '../../platform/clock.ts'
import { openLog } from '../../platform/log.ts'
import { bootNumber } from '../boot-number.ts'
import { readCredentials } from '../credentials.ts'
import type { Outgoing } from '../firmware/message.ts'
import { dayMs, hourMs } from '../plant/day.ts'
import { LiveReplay } from './live-replay.ts'
import { playedBack, recordedRegistry } from './recorded-meters.ts'
import { readRecording, type Recording } from './recording.ts'

/** `npm run sim -- --replay FILE`: a recording instead of a simulated fleet. Offline it is said at the times of the
 *  recording, or from `--start` on. Live it is moved by whole days so that it ends now: a server believes no
 *  reading from before its own time, nor from the future. Morning stays morning: the wall clock of the recording
 *  becomes the district's. */
export interface ReplayOptions {
  replay: string
  replayZone: string
  offline: boolean
  hours?: number | undefined
  start?: string | undefined
  speed: number
  broker: string
  credentials?: string | undefined
  emitRegistry?: string | undefined
  without: readonly string[]
}

/** Madrid in winter to Yangquan. */
const wallClocksApartMs = 7 * hourMs
const progressMs = 10_000
const drainMs = 200

/** Answers what is said offline; undefined when it was played live, or only the registry was asked for. */
export async function runReplay(options: ReplayOptions): Promise<Iterable<Outgoing> | undefined> {
  const recording = await readRecording(options.replay, options.replayZone)
  const { meters, readings, refused, mistakes } = recording
  const shown = mistakes.map((mistake) => `  - ${mistake}\n`).join('')
  const more = refused > mistakes.length ? `  - and ${refused - mistakes.length} more\n` : ''
  process.stderr.write(
    `read ${readings} readings of ${meters.size} meters, left out ${refused} lines\n${shown}${more}`,
  )
  if (options.emitRegistry !== undefined)
    writeFileSync(options.emitRegistry, `${JSON.stringify(recordedRegistry(recording), undefined, 2)}\n`)
  if (options.offline) return offline(options, recording)
  if (options.credentials !== undefined) await live(options, recording, options.credentials)
  return undefined
}

function* offline(options: ReplayOptions, recording: Recording): Generator<Outgoing, void> {
  const { without, hours = Infinity, start } = options
  const firstMs = edge(recording, Math.min)
  const shiftMs = start === undefined ? 0 : Date.parse(start) - firstMs
  const untilMs = firstMs + shiftMs + hours * hourMs
  for (const message of playedBack({ recording, without, shiftMs })) {
    if (message.t >= untilMs) return
    yield message
  }
}

async function live(options: ReplayOptions, recording: Recording, credentialsFile: string): Promise<void> {
  const nowMs = systemClock.now()
  const { broker, speed, without, start } = options
  const lastMs = edge(recording, Math.max) - wallClocksApartMs
  const untilNowMs = Math.floor((nowMs - lastMs) / dayMs) * dayMs - wallClocksApartMs
  const replay = new LiveReplay({
    recording,
    brokerUrl: broker,
    credentials: readCredentials(credentialsFile),
    speed,
    without,
    shiftMs: start === undefined ? untilNowMs : Date.parse(start) - edge(recording, Math.min),
    boot: bootNumber(nowMs),
    clock: systemClock,
    log: openLog('sim', process.env['LOG_LEVEL'] ?? 'info'),
  })
  const release = keepAlive()
  replay.start()
  const cancelProgress = systemClock.every(progressMs, () => printProgress(replay, speed))
  let cancelWatch = () => {}
  await new Promise<void>((resolve) => {
    cancelWatch = systemClock.every(drainMs, () => {
      if (replay.isOver) resolve()
    })
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
  cancelWatch()
  cancelProgress()
  await replay.stop()
  printProgress(replay, speed)
  release()
}

function edge({ meters }: Recording, of: (a: number, b: number) => number): number {
  let end: number | undefined
  for (const readings of meters.values())
    for (const { t } of readings) end = end === undefined ? t : of(end, t)
  return end ?? 0
}

function printProgress(replay: LiveReplay, speed: number): void {
  const { devices, connected, acknowledged, waiting, forgotten, rejected, saidMs } = replay.counts()
  process.stdout.write(
    `${new Date(saidMs).toISOString()} speed ${speed} connected ${connected}/${devices} ` +
      `acknowledged ${acknowledged} waiting ${waiting} forgotten ${forgotten} rejected ${rejected}\n`,
  )
}
