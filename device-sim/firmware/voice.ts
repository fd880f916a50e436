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
import { DeviceClock } from './device-clock.ts'
import type { Outgoing } from './message.ts'
import { Ring, rowsKeptBy, type KeptRow } from './ring.ts'
import { sensed, type Ailment, type Sensed } from './sensor.ts'

/** How one device speaks: it knows who it is, which life this is (`boot`), and numbers everything it says.
 *  A number is taken when a sample is taken, so that what is stored and sent later keeps its place.
 *
 *  Callers tell it the true time; what goes on the wire is what the device's clock shows then. */
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

export interface VoiceOptions {
  clock?: DeviceClock
  /** Share of its ring that it has, for `cmd/replay`; 0 where nobody can ask. */
  keptShare?: number
  /** When it started, epoch ms. */
  upSinceMs?: number
}

type Values = Row['values']
/** What a number carries that was taken for no sample. */
const nothing: Sensed = { values: {} }
type ReadingClass = Extract<DeviceClass, 'tele' | 'state' | 'event'>

/** Firmware is built once with the contract it knows, not at every birth. */
const builtWith = new Map<Kind, string>()

function contractHashOf(kind: Kind): string {
  const known = builtWith.get(kind) ?? contractHash(kind)
  builtWith.set(kind, known)
  return known
}

export class Voice {
  readonly identity: Identity
  readonly contract: string
  readonly clock: DeviceClock
  firmware = '1.0.0'
  readonly #topic: string
  readonly #ring: Ring | undefined
  /** Samples taken while nobody can hear them; undefined while somebody can. */
  #unheard: KeptRow[] | undefined
  /** Of the device itself by wire name; of a port by `p03/` and it. */
  #ailments: Map<string, Ailment> | undefined
  #boot: number
  #bootReason = 'power_on'
  #upSinceMs: number
  #seq = 0

  constructor(identity: Identity, boot: number, options: VoiceOptions = {}) {
    const { clock = new DeviceClock(), keptShare = 1, upSinceMs = 0 } = options
    this.identity = identity
    this.contract = contractOf(identity.kind)
    this.clock = clock
    this.#upSinceMs = upSinceMs
    this.#boot = boot
    this.#topic = deviceTopic(identity, 'conn').slice(0, -'conn'.length)
    this.#ring = keptShare > 0 ? new Ring(Math.ceil(rowsKeptBy(identity) * keptShare)) : undefined
    this.#ring?.begin(boot)
  }

  get boot(): number {
    return this.#boot
  }

  /** Seconds since the last boot. */
  uptimeS(nowMs: number): number {
    return Math.max(0, Math.floor((nowMs - this.#upSinceMs) / 1000))
  }

  /** A new life: numbers start again, under the next boot counter. */
  reboot(reason: string, atMs: number): void {
    this.#boot++
    this.#upSinceMs = atMs
    this.#bootReason = reason
    this.forgetNumbers()
  }

  /** Numbers start again without a boot: a firmware that keeps its counter badly. */
  forgetNumbers(): void {
    this.#seq = 0
    this.#ring?.begin(this.#boot)
  }

  /** From now on nobody hears it: what it samples is kept for later. */
  hold(): void {
    this.#unheard ??= []
  }

  /** Somebody hears it again. Answers what was sampled meanwhile, oldest first. */
  release(): readonly KeptRow[] {
    const unheard = this.#unheard ?? []
    this.#unheard = undefined
    // An upload is kept when it would have been sent, after what was said at once since its samples were taken.
    return unheard.toSorted((a, b) => a.boot - b.boot || a.seq - b.seq)
  }

  /** From now on this sensor is ill, or well again. */
  ail(name: string, ailment: Ailment | undefined): void {
    this.#ailments ??= new Map()
    if (ailment) this.#ailments.set(name, ailment)
    else this.#ailments.delete(name)
  }

  /** What a device says when it starts: here I am, and this is what I am. */
  birth(nowMs: number, { periodS, deliveryS = 0 }: Habits): Outgoing[] {
    const { kind, device } = this.identity
    const t = this.clock.at(nowMs)
    const payload = encodeBirth({
      ...this.#stamp(t, this.#keep(t, nothing)),
      firmware: this.firmware,
      hardware: `${kind}-sim`,
      serial: device.slice(-48),
      bootReason: this.#bootReason,
      contractHash: contractHashOf(kind),
      periodS,
      deliveryS,
    })
    const here = connection(this.identity, 'ready', { boot: this.#boot, t })
    return [{ ...here, t: nowMs }, this.#outgoing(nowMs, 'meta', payload)]
  }

  say(nowMs: number, messageClass: ReadingClass, values: Values, port?: string): Outgoing {
    const read = this.#read(nowMs, values, port)
    const t = this.clock.at(nowMs)
    const seq = this.#keep(t, read, port)
    const reading = {
      contract: this.contract,
      boot: this.#boot,
      seq,
      t,
      clock: this.clock.source,
      values: read.values,
    }
    const payload = encodeReading(read.quality ? { ...reading, quality: read.quality } : reading)
    return this.#outgoing(nowMs, messageClass, payload, port)
  }

  /** Takes a sample to be uploaded later. */
  sample(nowMs: number, values: Values): KeptRow {
    const row = {
      boot: this.#boot,
      seq: ++this.#seq,
      t: this.clock.whole(nowMs),
      ...this.#read(nowMs, values),
    }
    this.#ring?.add(row)
    return row
  }

  /** Says what was sampled; samples from before a boot in a message of their own. */
  upload(nowMs: number, rows: readonly KeptRow[]): Outgoing[] {
    this.#unheard?.push(...rows)
    return [...Map.groupBy(rows, ({ boot }) => boot)].map(([boot, own]) =>
      this.#outgoing(nowMs, 'batch', this.#rows(boot, own)),
    )
  }

  /** What is still there of the numbers `from` … `to` of boot `b`. */
  recall(wanted: { b: number; from: number; to: number }): readonly KeptRow[] {
    return this.#ring?.recall(wanted) ?? []
  }

  /** Says samples again, all of one boot, and of one port or of the device itself. */
  history(nowMs: number, rows: readonly KeptRow[]): Outgoing {
    const [first] = rows
    return this.#outgoing(nowMs, 'hist', this.#rows(first?.boot ?? this.#boot, rows), first?.port)
  }

  /** Answers a command: done, or with a code why not (or not all of it). */
  answer(nowMs: number, command: string, { id, code }: { id: string; code?: string }): Outgoing {
    const failed = code !== undefined && { code }
    const t = this.clock.at(nowMs)
    const stamp = this.#stamp(t, this.#keep(t, nothing))
    const payload = encodeAck({ ...stamp, id, ok: code === undefined, ...failed })
    return this.#outgoing(nowMs, 'ack', payload, command)
  }

  #rows(boot: number, rows: readonly KeptRow[]): Uint8Array {
    return encodeUpload({ contract: this.contract, boot, clock: this.clock.source, rows })
  }

  #stamp(t: number, seq: number) {
    return { contract: this.contract, boot: this.#boot, seq, t, clock: this.clock.source }
  }

  #read(nowMs: number, values: Values, port?: string): Sensed {
    if (!this.#ailments || this.#ailments.size === 0) return { values }
    return sensed(values, ailmentsOf(this.#ailments, port), nowMs)
  }

  /** Takes the next number, and remembers what it was taken for. */
  #keep(t: number, read: Sensed, port?: string): number {
    const seq = ++this.#seq
    if (!this.#ring && !this.#unheard) return seq
    const row: KeptRow = { boot: this.#boot, seq, t, values: read.values }
    if (read.quality) row.quality = read.quality
    if (port !== undefined) row.port = port
    this.#ring?.add(row)
    this.#unheard?.push(row)
    return seq
  }

  #outgoing(t: number, messageClass: DeviceClass, payload: Uint8Array, sub?: string): Outgoing {
    const { device, gateway } = this.identity
    const retain = messageClass === 'state' || messageClass === 'meta'
    const topic = sub === undefined ? this.#topic + messageClass : `${this.#topic}${messageClass}/${sub}`
    return { t, device: gateway ?? device, topic, payload, qos: 1, retain }
  }
}

/** Of the device itself, or of one of its ports. */
function ailmentsOf(ailments: ReadonlyMap<string, Ailment>, port = ''): ReadonlyMap<string, Ailment> {
  const own = [...ailments].flatMap(([name, ailment]): [string, Ailment][] => {
    const [signal = '', of = ''] = name.split('/').toReversed()
    return of === port ? [[signal, ailment]] : []
  })
  return new Map(own)
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
