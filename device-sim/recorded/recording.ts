import { createReadStream } from 'node:fs'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { OperatorError } from '../../platform/operator-error.ts'
import { wallClock, type WallClock } from './wall-clock.ts'

/** What real meters said: a table of `meter,local_time,register_l`, a line a reading, plain or gzipped. Nothing
 *  is repaired. A register that turns back, the same line twice, a time that goes back, a hole of days: that is
 *  what meters do, and it is kept in the order of the file. Only what is no reading at all is left out, and named
 *  by its line. */
export interface Recording {
  /** By name, in the order of the file. */
  meters: ReadonlyMap<string, readonly RecordedReading[]>
  readings: number
  /** How many lines were left out; the first of them say why. */
  refused: number
  mistakes: readonly string[]
}

export interface RecordedReading {
  /** Epoch ms. */
  t: number
  registerL: number
}

const header = 'meter,local_time,register_l'
/** Held in memory, to be played in the order of time: some 100 MB. */
const readingsMax = 2_000_000
const metersMax = 1_000
const mistakesShown = 20

const line = z.tuple([
  z.string().regex(/^[a-z0-9-]{1,40}$/, { error: 'meter: expected 1 to 40 of a-z, 0-9 and -' }),
  z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/, {
    error: 'local_time: expected a time such as 2016-03-01 00:53:08',
  }),
  z
    .string()
    .regex(/^\d{1,15}$/, { error: 'register_l: expected a whole number of litres' })
    .transform(Number),
])

/** Reads a recording whose times are the wall clock's of `zone`. Throws an `OperatorError` when the file can't be
 *  read, is no such table, or holds more than fits. */
export async function readRecording(file: string, zone: string): Promise<Recording> {
  const meters = new Map<string, RecordedReading[]>()
  const mistakes: string[] = []
  const clock = clockOf(zone)
  let readings = 0
  let refused = 0
  let number = 0
  for await (const text of linesOf(file)) {
    number++
    if (number === 1) checkHeader(file, text)
    else if (text !== '') {
      const mistake = take(text, meters, clock)
      if (mistake === undefined) readings++
      else if (refused++ < mistakesShown) mistakes.push(`line ${number}: ${mistake}`)
      if (readings > readingsMax || meters.size > metersMax)
        throw new OperatorError(`The recording ${file} is too long.`, [
          `at most ${readingsMax} readings of ${metersMax} meters are played`,
        ])
    }
  }
  if (number === 0) checkHeader(file, '')
  return { meters, readings, refused, mistakes }
}

/** Puts a line's reading with its meter's; answers what is wrong with it. */
function take(text: string, meters: Map<string, RecordedReading[]>, clock: WallClock): string | undefined {
  const fields = text.split(',')
  if (fields.length !== 3) return `expected three fields, found ${fields.length}`
  const parsed = line.safeParse(fields)
  if (!parsed.success) return parsed.error.issues.map(({ message }) => message).join('; ')
  const [meter, localTime, registerL] = parsed.data
  const wallMs = Date.parse(`${localTime.replace(' ', 'T')}Z`)
  if (Number.isNaN(wallMs)) return 'local_time: there is no such time'
  const own = meters.get(meter) ?? []
  const t = instantAfter(clock.instants(wallMs), own.at(-1)?.t)
  if (t === undefined) return 'local_time: clocks are turned past this hour'
  own.push({ t, registerL })
  meters.set(meter, own)
  return undefined
}

/** In the hour that comes twice, the first time round unless that is not after the reading before. */
function instantAfter(instants: readonly number[], beforeMs = -Infinity): number | undefined {
  return instants.find((atMs) => atMs > beforeMs) ?? instants[0]
}

function clockOf(zone: string): WallClock {
  try {
    return wallClock(zone)
  } catch (cause) {
    if (cause instanceof RangeError) throw new OperatorError(`There is no time zone ${zone}.`)
    throw cause
  }
}

function checkHeader(file: string, text: string): void {
  if (text.replace(/^\uFEFF/, '') !== header)
    throw new OperatorError(`The recording ${file} is no table of registers.`, [`line 1: expected ${header}`])
}

async function* linesOf(file: string): AsyncGenerator<string, void> {
  const stored = createReadStream(file)
  // An error on the way ends the loop below, where it is told.
  const bytes: Readable = file.endsWith('.gz') ? pipeline(stored, createGunzip(), () => {}) : stored
  const text = new TextDecoder()
  let rest = ''
  try {
    for await (const chunk of bytes) {
      const lines = (rest + text.decode(chunk, { stream: true })).split(/\r?\n/)
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new OperatorError(`The recording ${file} cannot be read.`, [why])
  }
  if (rest !== '') yield rest
}
