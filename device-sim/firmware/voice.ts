import {
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
  readonly #contract: string
  #seq = 0

  constructor(identity: Identity, boot: number) {
    this.identity = identity
    this.#boot = boot
    this.#contract = contractOf(identity.kind)
  }

  /** What a device says when it starts: here I am, and this is what I am. */
  birth(t: number, { periodS, deliveryS = 0 }: Habits): Outgoing[] {
    const { kind, device } = this.identity
    const payload = encodeBirth({
      ...this.#stamp(t),
      seq: this.#next(),
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
    const payload = encodeReading({ ...this.#stamp(t), seq: this.#next(), values })
    return this.#outgoing(t, messageClass, payload, port)
  }

  /** Takes a sample to be uploaded later. */
  sample(t: number, values: Values): Row {
    return { seq: this.#next(), t, values }
  }

  upload(t: number, rows: readonly Row[]): Outgoing {
    const { contract, boot, clock } = this.#stamp(t)
    return this.#outgoing(t, 'batch', encodeUpload({ contract, boot, clock, rows }))
  }

  #stamp(t: number) {
    return { contract: this.#contract, boot: this.#boot, t, clock } as const
  }

  #next(): number {
    return ++this.#seq
  }

  #outgoing(t: number, messageClass: DeviceClass, payload: Uint8Array, port?: string): Outgoing {
    const { device, gateway } = this.identity
    const retain = messageClass === 'state' || messageClass === 'meta'
    const topic = deviceTopic(this.identity, messageClass, port)
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
