import type { z } from 'zod'
import {
  ackSchema,
  birthSchema,
  connectionSchema,
  maxLiveBytes,
  maxUploadBytes,
  readingSchema,
  uploadSchema,
  type AckSchema,
  type BirthSchema,
  type ConnectionSchema,
  type ReadingSchema,
  type UploadSchema,
} from './envelope.ts'
import type { KindContract, StreamName } from './kind-contract.ts'
import { contracts, signalsOf } from './kinds.ts'
import { kinds, type Kind, type Reading } from './message.ts'
import { plainReading, type PlainReading } from './plain-reading.ts'
import type { Signals } from './signal.ts'
import {
  commandSchema,
  faultNoticeSchema,
  orderNoticeSchema,
  rejectSchema,
  replaySchema,
  statusSchema,
  wantSchema,
} from './server-messages.ts'

/** Every message there is: its topic, its schema and how MQTT carries it. The decoder, the permissions, the
 *  documentation and the tests all read this one table. */

interface Carriage {
  /** `heat-entrance tele`, `charger state/port`, `srv status`: unique. */
  name: string
  /** Topic with `{site}`, `{device}`, `{port}`, `{name}` … in the places that vary. */
  topic: string
  qos: 1
  retain: boolean
  maxBytes: number
}

/** A message that a device publishes. */
export type DeviceMessage = Carriage & { direction: 'from-device'; kind: Kind } & (
    | { form: 'reading'; class: 'tele' | 'state' | 'event'; schema: ReadingSchema; isPlain: PlainReading }
    | { form: 'upload'; class: 'batch' | 'hist'; schema: UploadSchema }
    | { form: 'connection'; class: 'conn'; schema: ConnectionSchema }
    | { form: 'birth'; class: 'meta'; schema: BirthSchema }
    | { form: 'ack'; class: 'ack'; schema: AckSchema }
  )

/** A message that the server publishes, to one device or to everyone. */
export type ServerMessage = Carriage & {
  direction: 'to-device' | 'to-everyone'
  kind?: Kind
  schema: z.ZodType
}

const live = { qos: 1, maxBytes: maxLiveBytes } as const
const fromDevice = { ...live, direction: 'from-device' } as const

export const deviceMessages: readonly DeviceMessage[] = kinds.flatMap((kind) => messagesOf(contracts[kind]))

export const serverMessages: readonly ServerMessage[] = [
  ...kinds.flatMap(messagesTo),
  {
    ...live,
    name: 'srv status',
    direction: 'to-everyone',
    topic: 'srv/1/status',
    retain: true,
    schema: statusSchema,
  },
  {
    ...live,
    name: 'srv fault',
    direction: 'to-everyone',
    topic: 'srv/1/fault/{site}/{root}/{cause}',
    retain: false,
    maxBytes: maxUploadBytes,
    schema: faultNoticeSchema,
  },
  {
    ...live,
    name: 'srv order',
    direction: 'to-everyone',
    topic: 'srv/1/order/{site}/{order}',
    retain: false,
    maxBytes: maxUploadBytes,
    schema: orderNoticeSchema,
  },
]

export const catalogue: readonly (DeviceMessage | ServerMessage)[] = [...deviceMessages, ...serverMessages]

function messagesOf(contract: KindContract): DeviceMessage[] {
  const { kind } = contract
  const common = (last: string, place: string = last) => ({
    ...fromDevice,
    kind,
    name: `${kind} ${last}`,
    topic: topicOf(kind, place),
  })
  return [
    { ...common('conn'), form: 'connection', class: 'conn', retain: true, schema: connectionSchema },
    {
      ...common('meta'),
      form: 'birth',
      class: 'meta',
      retain: true,
      schema: birthSchema(contract, Object.keys(contract.streams)),
    },
    ...streamMessages(contract),
    { ...common('ack', 'ack/{name}'), form: 'ack', class: 'ack', retain: false, schema: ackSchema(contract) },
  ]
}

/** The streams of the device itself, then those of its ports. */
function streamMessages(contract: KindContract): DeviceMessage[] {
  return (['device', 'port'] as const).flatMap((of) => {
    const streamName = (type: Reading['class']): StreamName => (of === 'port' ? `${type}/port` : type)
    const carriage = (type: Reading['class']) => ({
      ...fromDevice,
      kind: contract.kind,
      name: `${contract.kind} ${streamName(type)}`,
      topic: topicOf(contract.kind, of === 'port' ? `${type}/{port}` : type),
    })
    const reading = (type: 'tele' | 'state' | 'event'): DeviceMessage[] => {
      const signals = contract.streams[streamName(type)]?.signals
      if (!signals) return []
      const schema = readingSchema(contract, signals)
      const isPlain = plainReading(schema)
      return [{ ...carriage(type), form: 'reading', class: type, retain: type === 'state', schema, isPlain }]
    }
    const upload = (type: 'batch' | 'hist', signals: Signals | undefined): DeviceMessage[] => {
      if (!signals || Object.keys(signals).length === 0) return []
      const schema = uploadSchema(contract, signals)
      return [
        { ...carriage(type), form: 'upload', class: type, retain: false, maxBytes: maxUploadBytes, schema },
      ]
    }
    return [
      ...reading('tele'),
      ...reading('state'),
      ...reading('event'),
      ...upload('batch', contract.streams[streamName('batch')]?.signals),
      ...upload('hist', signalsOf(contract.kind, of)),
    ]
  })
}

function messagesTo(kind: Kind): ServerMessage[] {
  const message = (last: string, place: string, retain: boolean, schema: z.ZodType): ServerMessage => ({
    ...live,
    kind,
    name: `${kind} ${last}`,
    direction: 'to-device',
    topic: topicOf(kind, place),
    retain,
    schema,
  })
  return [
    message('reject', 'reject', false, rejectSchema),
    message('cmd', 'cmd/{name}', false, commandSchema),
    message('cmd/replay', 'cmd/replay', false, replaySchema),
    message('want', 'want', true, wantSchema),
  ]
}

function topicOf(kind: Kind, place: string): string {
  return `est/1/{site}/${kind}/{device}/${place}`
}

/** Where `decode` looks a topic up: kind, class, and whether there is something after the class. */
export function messageKey(kind: string, deviceClass: string, hasSub: boolean): string {
  return `${kind} ${deviceClass}${hasSub && deviceClass !== 'ack' ? '/port' : ''}`
}

/** What a device of a kind publishes, by `messageKey`. */
export const deviceMessageByKey: ReadonlyMap<string, DeviceMessage> = new Map(
  deviceMessages.map((message) => [message.name, message]),
)
