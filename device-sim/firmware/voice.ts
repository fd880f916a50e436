import {
  encodeAck,
  encodeBirth,
  encodeConnection,
  encodeReading,
  encodeUpload,
} from '../../firmware-contracts/encode.ts'
import type { Row } from '../../firmware-contracts/encode.ts'
import { contractHash } from '../../firmware-contracts/hash.ts'
import { contractOf } from '../../firmware-contracts/kinds.ts'
import type { Kind } from '../../firmware-contracts/message.ts'
import { deviceTopic, type DeviceClass } from '../../firmware-contracts/topics.ts'
import type { Outgoing } from './message.ts'

/** How one device speaks: it knows who it is, which life this is (`boot`), and numbers everything it says.
 *  A number is taken when a sample is taken, so that what is stored and sent later keeps its place. */
export interface Identity {
  site: string
  kind: Kind
  device: string
  /** The gateway that publishes for it. */
  gateway?: string
}

export interface Habits {
  /** Message class -> reporting period, s. */
  periodS: Readonly<Record<string, number>>
  /** How long a sample may wait in the device, s. */
  deliveryS?: number
}

/** A sample as the device keeps it after it was sent. */
export type KeptRow = Row & { port?: string }

/** Samples kept for `cmd/replay`: 72 h of a heat station that speaks every 10 s, more of all that speak less. */
export const keptRows = 30_000

type Values = Row['values']
type ReadingClass = Extract<DeviceClass, 'tele' | 'state' | 'event'>

const clock = 'n'

/** Firmware is built once with the contract it knows, not at every birth. */
const builtWith = new Map<Kind, string>()

function contractHashOf(kind: Kind): string {
  const known = builtWith.get(kind) ?? contractHash(kind)
  builtWith.set(kind, known)
  return known
}

export class Voice {
  readonly identity: Identity
  readonly #boot: number
  readonly contract: string
  /** The sample with number n is at place n % keptRows. */
  readonly #kept: KeptRow[] = []
  #seq = 0

  constructor(identity: Identity, boot: number) {
    this.identity = identity
    this.#boot = boot
    this.contract = contractOf(identity.kind)
  }

  /** What a device says when it starts: here I am, and this is what I am. */
  birth(t: number, { periodS, deliveryS = 0 }: Habits): Outgoing[] {
    const { kind, device } = this.identity
    const payload = encodeBirth({
      ...this.#stamp(t),
      seq: this.#keep(t, {}),
      firmware: '1.0.0',
      hardware: `${kind}-sim`,
      serial: device.slice(-48),
      bootReason: 'power_on',
      contractHash: contractHashOf(kind),
      periodS,
      deliveryS,
    })
    return [ready(this.identity, this.#boot, t), this.#outgoing(t, 'meta', payload)]
  }

  say(t: number, messageClass: ReadingClass, values: Values, port?: string): Outgoing {
    const payload = encodeReading({ ...this.#stamp(t), seq: this.#keep(t, values, port), values })
    return this.#outgoing(t, messageClass, payload, port)
  }

  /** Takes a sample to be uploaded later. */
  sample(t: number, values: Values): Row {
    return { seq: this.#keep(t, values), t, values }
  }

  upload(t: number, rows: readonly Row[]): Outgoing {
    const { contract, boot, clock } = this.#stamp(t)
    return this.#outgoing(t, 'batch', encodeUpload({ contract, boot, clock, rows }))
  }

  /** What is still there of the numbers `from` … `to` of boot `b`. */
  recall({ b, from, to }: { b: number; from: number; to: number }): KeptRow[] {
    if (b !== this.#boot) return []
    const rows: KeptRow[] = []
    for (let seq = Math.max(from, this.#seq - keptRows + 1); seq <= Math.min(to, this.#seq); seq++) {
      const row = this.#kept[seq % keptRows]
      if (row?.seq === seq) rows.push(row)
    }
    return rows
  }

  /** Says samples again, all of one port or all of the device itself. */
  history(t: number, rows: readonly KeptRow[]): Outgoing {
    const { contract, boot, clock } = this.#stamp(t)
    return this.#outgoing(t, 'hist', encodeUpload({ contract, boot, clock, rows }), rows[0]?.port)
  }

  /** Answers a command: done, or with a code why not (or not all of it). */
  answer(t: number, command: string, { id, code }: { id: string; code?: string }): Outgoing {
    const failed = code !== undefined && { code }
    const seq = this.#keep(t, {})
    const payload = encodeAck({ ...this.#stamp(t), seq, id, ok: code === undefined, ...failed })
    return this.#outgoing(t, 'ack', payload, command)
  }

  #stamp(t: number) {
    return { contract: this.contract, boot: this.#boot, t, clock } as const
  }

  /** Takes the next number, and remembers what it was taken for. */
  #keep(t: number, values: Values, port?: string): number {
    const seq = ++this.#seq
    this.#kept[seq % keptRows] = { seq, t, values, ...(port !== undefined && { port }) }
    return seq
  }

  #outgoing(t: number, messageClass: DeviceClass, payload: Uint8Array, sub?: string): Outgoing {
    const { device, gateway } = this.identity
    const retain = messageClass === 'state' || messageClass === 'meta'
    const topic = deviceTopic(this.identity, messageClass, sub)
    return { t, device: gateway ?? device, topic, payload, qos: 1, retain }
  }
}

/** `conn`: the device is there. Retained, and said anew after every reconnect, for the will said otherwise. */
export function ready(identity: Identity, boot: number, t: number): Outgoing {
  return connection(identity, 'ready', { boot, t })
}

/** Left with the broker at connect, to be published when the device vanishes. */
export function will(identity: Identity, boot: number, t: number): Outgoing {
  return connection(identity, 'lost', { boot, t })
}

/** A device that is switched off says so, lest it be missed. */
export function bye(identity: Identity, boot: number, t: number): Outgoing {
  return connection(identity, 'bye', { boot, t })
}

function connection(
  identity: Identity,
  state: 'ready' | 'lost' | 'bye',
  { boot, t }: { boot: number; t: number },
): Outgoing {
  const payload = encodeConnection({ state, boot, t })
  const topic = deviceTopic(identity, 'conn')
  return { t, device: identity.gateway ?? identity.device, topic, payload, qos: 1, retain: true }
}
