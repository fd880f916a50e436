import type { Outgoing } from './message.ts'
import type { Habit } from './device.ts'
import { uniform, type Random } from '../random.ts'

/** Firmwares that speak badly, and boards that were copied. What they say is made from what a sound device would
 *  have said, so that only the mistake is wrong about it. */

const readings = new Set(['tele', 'state', 'event'])
/** A retransmission comes this much later, ms. */
const againMs = { least: 500, most: 5_000 }
/** A copy of a device takes its samples at its own time, ms after the original. */
const copyMs = { least: 500, most: 4_000 }
/** And at another place: by how much its values differ, of the value. */
const elsewhere = 0.1

/** What a bad version of a firmware does to its readings. */
export const violations = {
  /** Numbers with a decimal point. */
  decimals: (text) => text.replace(/("d":\{"[a-z0-9_]+":-?\d+)([,}])/, '$1.5$2'),
  /** Numbers as words. */
  quoted: (text) => text.replace(/("d":\{"[a-z0-9_]+":)(-?\d+)/, '$1"$2"'),
  /** −1 for what it could not measure. */
  'minus-one': (text) => text.replace(/("d":\{"[a-z0-9_]+":)-?\d+/, '$1-1'),
  /** The number of the message is missing. */
  unnumbered: (text) => text.replace(/"s":\d+,/, ''),
  /** A contract nobody has heard of. */
  'unknown-contract': (text) => text.replace(/("c":"[a-z-]+\/)\d+/, '$199'),
  /** Seconds instead of milliseconds. */
  seconds: (text) => text.replace(/("t":\d+)\d{3},/, '$1,'),
  /** The end is cut off, for its buffer was too short. */
  truncated: (text) => text.slice(0, Math.floor(text.length * 0.7)),
} satisfies Record<string, (text: string) => string>

export type Violation = keyof typeof violations

export function misspeaking(violation: Violation): Habit {
  const change: (text: string) => string = violations[violation]
  return (message) => (isReading(message) ? [reworded(message, change)] : [message])
}

/** A share of its readings it says twice, for it misses acknowledgements. */
export function repeating(share: number, random: Random): Habit {
  return (message) => {
    if (!isReading(message) || random() >= share) return [message]
    return [message, { ...message, t: message.t + Math.round(uniform(random, againMs.least, againMs.most)) }]
  }
}

/** A second board with the same name, password and counters: the same numbers, other values. */
export function copied(random: Random): Habit {
  return (message) => {
    if (!isReading(message)) return [message]
    const laterMs = Math.round(uniform(random, copyMs.least, copyMs.most))
    const factor = 1 + uniform(random, -elsewhere, elsewhere)
    const copy = reworded(message, (text) =>
      text
        .replace(/"t":(\d+)/, (_, t: string) => `"t":${Number(t) + laterMs}`)
        .replace(/("[a-z_]+_(?:kpa|lph|l|wh|dv|c10)":)(-?\d+)/g, (_, name: string, value: string) => {
          return `${name}${Math.round(Number(value) * factor)}`
        }),
    )
    return [message, { ...copy, t: message.t + laterMs }]
  }
}

function isReading({ topic, will }: Outgoing): boolean {
  return !will && readings.has(topic.split('/')[5] ?? '')
}

function reworded(message: Outgoing, change: (text: string) => string): Outgoing {
  const text = change(new TextDecoder().decode(message.payload))
  return { ...message, payload: new TextEncoder().encode(text) }
}
