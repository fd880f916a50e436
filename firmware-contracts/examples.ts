import { z } from 'zod'
import type { DeviceMessage } from './catalogue.ts'
import {
  encodeAck,
  encodeBirth,
  encodeConnection,
  encodeReading,
  encodeUpload,
  type Stamp,
} from './encode.ts'
import { contractOf, contracts, signalsOf } from './kinds.ts'
import type { Address, Birth, Kind, Message, Reading } from './message.ts'
import type { Signals } from './signal.ts'

/** One valid example of every message a device publishes, at the upper end of every range: for tests that must
 *  leave none out. */
export interface Example {
  topic: string
  bytes: Uint8Array
  message: Message
}

const place = { site: 'hengkang', device: 'hengkang-x1' }
const boot = 17
const t = 1_763_510_400_000

export function exampleOf(message: DeviceMessage): Example {
  const topic = message.topic
    .replace('{site}', place.site)
    .replace('{device}', place.device)
    .replace('{port}', 'p03')
    .replace('{name}', 'replay')
  const sub = topic.split('/')[6]
  const address = { ...place, kind: message.kind, class: message.class, ...(sub !== undefined && { sub }) }
  return { topic, ...saidOf(message, address) }
}

function saidOf(message: DeviceMessage, address: Address): Omit<Example, 'topic'> {
  const stamp = { contract: contractOf(message.kind), boot, seq: 48_213, t, clock: 'n' } as const
  switch (message.form) {
    case 'reading': {
      const reading = readingOf(message, address, stamp)
      return { bytes: encodeReading(reading), message: readingsMessage(address, [reading]) }
    }
    case 'upload': {
      const rows = [5, 9].map((seq) => readingOf(message, address, { ...stamp, seq }))
      return { bytes: encodeUpload({ ...stamp, rows }), message: readingsMessage(address, rows) }
    }
    case 'connection': {
      const said = { state: 'lost', boot, t } as const
      return { bytes: encodeConnection(said), message: { type: 'connection', address, ...said } }
    }
    case 'birth': {
      const birth = birthOf(message.kind, stamp)
      return { bytes: encodeBirth(birth), message: { type: 'birth', address, birth } }
    }
    case 'ack': {
      const ack = { id: 'c-1', ok: false, code: 'busy' }
      const answer = { type: 'ack', address, boot, seq: stamp.seq, t, ...ack } as const
      return { bytes: encodeAck({ ...stamp, ...ack }), message: answer }
    }
  }
}

function readingsMessage(address: Address, readings: readonly Reading[]): Message {
  return { type: 'readings', address, boot, readings, unknownKeys: [] }
}

type Sampled = Extract<DeviceMessage, { form: 'reading' | 'upload' }>

function readingOf(message: Sampled, { site, kind, device, sub }: Address, stamp: Stamp): Reading {
  const signals = signalsOfMessage(message)
  const [first = ''] = Object.keys(signals)
  return {
    site,
    kind,
    device,
    ...(sub !== undefined && { port: sub }),
    class: message.class,
    ...stamp,
    values: highestValues(signals),
    quality: { [first]: 'F' },
  }
}

function birthOf(kind: Kind, stamp: Stamp): Birth {
  const streams = Object.keys(contracts[kind].streams)
  return {
    ...stamp,
    firmware: '1.4.2',
    hardware: 'rev-0',
    serial: 'SN-0042',
    bootReason: 'power-on',
    contractHash: '0123abcd',
    periodS: Object.fromEntries(streams.map((stream) => [stream, 60])),
    deliveryS: 0,
  }
}

function signalsOfMessage({ kind, name, topic }: DeviceMessage): Signals {
  const stream = Object.entries(contracts[kind].streams).find(([stream]) => name === `${kind} ${stream}`)
  return stream ? stream[1].signals : signalsOf(kind, topic.endsWith('{port}') ? 'port' : 'device')
}

function highestValues(signals: Signals): Record<string, number | string> {
  return Object.fromEntries(
    Object.entries(signals).map(([name, signal]) => {
      const { maximum, enum: words } = z.toJSONSchema(signal)
      return [name, signal.parse(words?.at(-1) ?? maximum)]
    }),
  )
}
