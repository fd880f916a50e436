import { Agenda } from '../agenda.ts'
import type { Outgoing } from '../firmware/message.ts'
import type { KeptRow } from '../firmware/ring.ts'
import { Voice, type Identity } from '../firmware/voice.ts'
import { slotAfter } from '../firmware/water-meter.ts'
import { dayMs } from '../plant/day.ts'
import type { RecordedReading, Recording } from './recording.ts'

/** A recording, said again by `water-meter` devices: each line is a sample of its own, with the next number and the
 *  time and register that the meter said. A register that turned back is a sample with a lower register, a line
 *  that stood there twice two samples alike: what was wrong was the meter, not the line to the server, so no
 *  number comes twice. Like any flat's meter it uploads once a day; where the recording has a hole, nothing comes. */
export interface Playing {
  recording: Recording
  /** Boot counter of every meter: higher than in any earlier run that the server has seen. */
  boot?: number
  /** Added to every time, ms: the past is moved so that a server believes it. */
  shiftMs?: number
  /** Devices left out. */
  without?: readonly string[]
}

const recordedSite = 'recorded'

/** The device that plays a meter. */
export function recordedDevice(meter: string): string {
  return `${recordedSite}-${meter}-water`
}

export function recordedIdentity(meter: string): Identity {
  return { site: recordedSite, kind: 'water-meter', device: recordedDevice(meter) }
}

const uploadS = dayMs / 1000
/** Keeps an upload well below 8 KB. */
const rowsPerUpload = 48

/** All that the meters say, in the order of time. */
export function* playedBack({
  recording,
  boot = 1,
  shiftMs = 0,
  without = [],
}: Playing): Generator<Outgoing, void> {
  const meters = [...recording.meters]
    .filter(([name]) => !without.includes(recordedDevice(name)))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, readings]) => new RecordedMeter(recordedIdentity(name), readings, { boot, shiftMs }))
  const agenda = new Agenda()
  for (const [rank, { nextMs }] of meters.entries()) agenda.add(nextMs, rank)
  while (agenda.nextMs < Infinity) {
    const meter = meters[agenda.next]
    if (!meter) return
    yield* meter.speak()
    agenda.postpone(meter.nextMs)
  }
}

class RecordedMeter {
  readonly #voice: Voice
  readonly #readings: readonly RecordedReading[]
  readonly #shiftMs: number
  #at = 0
  #stored: KeptRow[] = []
  #uploadMs: number
  #nowMs: number

  constructor(
    identity: Identity,
    readings: readonly RecordedReading[],
    { boot, shiftMs }: { boot: number; shiftMs: number },
  ) {
    this.#voice = new Voice(identity, boot, { keptShare: 0 })
    this.#readings = readings
    this.#shiftMs = shiftMs
    this.#nowMs = (readings[0]?.t ?? Infinity) + shiftMs
    this.#uploadMs = this.#slotAfter(this.#nowMs)
  }

  /** When it has something to do next, never before what it did last; Infinity when all is said. */
  get nextMs(): number {
    const reading = this.#readings[this.#at]
    if (reading) return Math.min(Math.max(this.#nowMs, reading.t + this.#shiftMs), this.#uploadMs)
    return this.#stored.length > 0 ? this.#uploadMs : Infinity
  }

  speak(): Outgoing[] {
    const nowMs = this.nextMs
    const isFirst = this.#at === 0
    this.#nowMs = nowMs
    if (nowMs === this.#uploadMs) return this.#upload(nowMs)
    const reading = this.#readings[this.#at++]
    if (reading) {
      const t = reading.t + this.#shiftMs
      if (isFirst) return [...this.#born(nowMs), ...this.#take(t, reading.registerL)]
      return this.#take(t, reading.registerL)
    }
    return []
  }

  #born(nowMs: number): Outgoing[] {
    return this.#voice.birth(nowMs, { periodS: { batch: uploadS }, deliveryS: uploadS })
  }

  #take(t: number, registerL: number): Outgoing[] {
    this.#stored.push(this.#voice.sample(t, { vol_l: registerL }))
    return this.#stored.length < rowsPerUpload ? [] : this.#send(this.#nowMs)
  }

  #upload(nowMs: number): Outgoing[] {
    this.#uploadMs = this.#slotAfter(nowMs)
    return this.#send(nowMs)
  }

  #send(nowMs: number): Outgoing[] {
    const rows = this.#stored
    this.#stored = []
    return rows.length > 0 ? this.#voice.upload(nowMs, rows) : []
  }

  #slotAfter(atMs: number): number {
    return slotAfter(atMs, this.#voice.identity.device, uploadS * 1000)
  }
}

/** The recorded meters in the public registry-import format: one house, a flat for each. */
export function recordedRegistry({ meters }: Recording) {
  const house = `${recordedSite}-house`
  const names = [...meters.keys()]
  return {
    format: 'estate-registry/1',
    district: { id: recordedSite, name: { zh: '实测数据', en: 'Recorded' } },
    sites: [{ id: recordedSite, name: { zh: '实测水表', en: 'Recorded water meters' } }],
    nodes: [
      {
        id: house,
        type: 'building',
        site: recordedSite,
        name: { zh: '实测住户', en: 'Recorded households' },
        households: names.length,
      },
      ...names.map((name) => ({
        id: `${recordedSite}-${name}`,
        type: 'meter',
        site: recordedSite,
        name: { zh: `水表${name}`, en: `Water meter ${name}` },
        inside: house,
        households: 1,
        q3Lph: 2_500,
      })),
    ],
    devices: names.map((name) => ({
      id: recordedDevice(name),
      kind: 'water-meter',
      site: recordedSite,
      node: `${recordedSite}-${name}`,
    })),
  }
}
