import { z } from 'zod'
import { u32Max, type Signals } from './signal.ts'
import { clockSources, connectionStates, qualityLetters } from './words.ts'

/** The envelope: the few keys around every payload. One letter each, for they travel with every message.
 *
 *      c  contract      `heat-entrance/1.0`
 *      b  boot counter  kept over restarts; with s it names the message, for good
 *      s  sequence      u32, from 0 or 1 in each boot; every sample takes its own
 *      t  time          when it was sampled (not sent), UTC epoch ms
 *      k  clock source  who set the device's clock
 *      d  data          signal -> integer or word; not measured = absent
 *      q  quality       signal -> NE 107 letter; broken = absent from d, and here
 *
 *  A key that is not in the contract is ignored and counted: that is how a newer minor version gets through. */

/** Size limit of every message but uploads, bytes. */
export const maxLiveBytes = 1024
/** Size limit of `batch` and `hist`, bytes. */
export const maxUploadBytes = 8192

const u32 = z.int().min(0).max(u32Max)
/** Any instant that a Date can hold: whether it is credible is the reader's question. */
const epochMs = z.int().min(0).max(8_640_000_000_000_000)
const clock = z.enum(clockSources)
const quality = z.enum(qualityLetters)

/** Visible ASCII: what a label on a device can say, and every screen can show. */
const label = (longest: number) =>
  z
    .string()
    .regex(/^[\x20-\x7e]*$/)
    .min(1)
    .max(longest)
    .describe(`1 to ${longest} visible ASCII characters`)

/** Exactly what `decode` takes for known: this kind, a known major version, any minor. */
const contract = (kind: string, major: number) =>
  z
    .string()
    .regex(new RegExp(`^${kind}/${major}\\.[0-9]{1,5}$`))
    .describe(`${kind}/${major}.x`)

/** Which contract a message of a kind must name. */
export interface Spoken {
  kind: string
  major: number
}

function sample(signals: Signals) {
  const letters = Object.fromEntries(Object.keys(signals).map((name) => [name, quality]))
  return { d: z.object(signals).exactPartial(), q: z.object(letters).exactPartial().exactOptional() }
}

/** tele, state, event: one sample. */
export function readingSchema({ kind, major }: Spoken, signals: Signals) {
  return z.object({ c: contract(kind, major), b: u32, s: u32, t: epochMs, k: clock, ...sample(signals) })
}

/** batch, hist: samples taken earlier, oldest first, each with the sequence number it took then. */
export function uploadSchema({ kind, major }: Spoken, signals: Signals) {
  const row = z.object({ s: u32, t: epochMs, ...sample(signals) })
  return z
    .object({ c: contract(kind, major), b: u32, k: clock, from: u32, to: u32, r: z.array(row).min(1) })
    .check(({ value, issues }) => {
      const stray = value.r.findIndex(({ s }) => s < value.from || s > value.to)
      if (stray < 0) return
      const message = `a sequence number within from … to (${value.from} … ${value.to})`
      issues.push({ code: 'custom', path: ['r', stray, 's'], input: value, message })
    })
}

/** conn: no contract and no sequence, because the broker publishes it as the will. */
export const connectionSchema = z.object({ st: z.enum(connectionStates), b: u32, t: epochMs })

/** meta: what a device says of itself after it starts. */
export function birthSchema({ kind, major }: Spoken, streams: readonly string[]) {
  const seconds = z.int().min(1).max(31_536_000).meta({ unit: 's' })
  return z.object({
    c: contract(kind, major),
    b: u32,
    s: u32,
    t: epochMs,
    k: clock,
    d: z.object({
      fw: label(32),
      hw: label(32),
      serial: label(48),
      boot_reason: label(32),
      hash: z
        .string()
        .regex(/^[0-9a-f]{8}$/)
        .describe('8 lower-case hex digits'),
      period_s: z.object(Object.fromEntries(streams.map((stream) => [stream, seconds]))).exactPartial(),
      delivery_s: z.int().min(0).max(31_536_000).meta({ unit: 's' }),
    }),
  })
}

/** ack/{name}: the device's answer to a command. */
export function ackSchema({ kind, major }: Spoken) {
  return z.object({
    c: contract(kind, major),
    b: u32,
    s: u32,
    t: epochMs,
    k: clock,
    id: label(64),
    ok: z.literal([0, 1]),
    code: label(32).exactOptional(),
  })
}

export type ReadingSchema = ReturnType<typeof readingSchema>
export type UploadSchema = ReturnType<typeof uploadSchema>
export type ConnectionSchema = typeof connectionSchema
export type BirthSchema = ReturnType<typeof birthSchema>
export type AckSchema = ReturnType<typeof ackSchema>

export type ReadingPayload = z.infer<ReadingSchema>
export type UploadPayload = z.infer<UploadSchema>
export type ConnectionPayload = z.infer<ConnectionSchema>
export type BirthPayload = z.infer<BirthSchema>
export type AckPayload = z.infer<AckSchema>
