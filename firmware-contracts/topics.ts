import { isKind } from './kinds.ts'
import { kinds, type Address } from './message.ts'

/** Topics. Positions are fixed, so that a permission is one pattern and a parser one split:
 *
 *      est/1/{site}/{kind}/{device}/{class}[/{port or name}]      a device and the server
 *      srv/1/…                                                    the server to everyone
 *
 *  `1` is the major version of the envelope. A device's id never changes and says nothing about where it
 *  stands: that is the registry's to know. */

/** Longest site or device id. */
export const maxIdLength = 64
/** Longest topic that is looked at. */
export const maxTopicLength = 320

export const deviceClasses = [
  'conn',
  'meta',
  'tele',
  'state',
  'event',
  'batch',
  'hist',
  'reject',
  'cmd',
  'want',
  'ack',
] as const
export type DeviceClass = (typeof deviceClasses)[number]

const id = /^[a-z0-9-]+$/
const port = /^p(?:0[1-9]|1[0-2])$/
/** Commands, besides letters, may use the underscore of signal names. */
const name = /^[a-z0-9_-]+$/

/** Ids of sites and devices: a-z, 0-9 and `-`, 1 to 64 characters. */
export function isId(text: string): boolean {
  return text.length <= maxIdLength && id.test(text)
}

/** `p01` … `p12`. */
export function isPort(text: string): boolean {
  return port.test(text)
}

export function isDeviceClass(text: string): text is DeviceClass {
  return deviceClasses.some((known) => known === text)
}

export type ParsedTopic =
  | { ok: true; address: Readonly<Address> & { class: DeviceClass } }
  | { ok: false; expected: string; got: string }

/** Reads a device topic; a topic of another shape gets the first level that is wrong. */
export function parseTopic(topic: string): ParsedTopic {
  if (topic.length > maxTopicLength) {
    return wrong(`a topic of at most ${maxTopicLength} characters`, `${topic.length} characters`)
  }
  const [root, major, site = '', kind = '', device = '', deviceClass = '', sub, ...rest] = topic.split('/')
  if (root !== 'est') return wrong('est/1/{site}/{kind}/{device}/{class}[/{port}]', topic)
  if (major !== '1') return wrong('envelope version 1', major ?? '')
  if (!isId(site)) return wrong('a site id of a-z, 0-9 and -', site)
  if (!isKind(kind)) return wrong(`a kind: ${kinds.join(', ')}`, kind)
  if (!isId(device)) return wrong('a device id of a-z, 0-9 and -', device)
  if (!isDeviceClass(deviceClass)) return wrong(`a class: ${deviceClasses.join(', ')}`, deviceClass)
  if (rest.length > 0) return wrong('at most one level after the class', [sub, ...rest].join('/'))
  const address = { site, kind, device, class: deviceClass }
  if (deviceClass === 'cmd' || deviceClass === 'ack') {
    if (sub === undefined || sub.length > maxIdLength || !name.test(sub)) {
      return wrong(`the name of the command: ${deviceClass}/{name}`, sub ?? '')
    }
    return { ok: true, address: { ...address, sub } }
  }
  if (sub === undefined) return { ok: true, address }
  if (!isPort(sub)) return wrong('a port p01 … p12, or nothing', sub)
  return { ok: true, address: { ...address, sub } }
}

function wrong(expected: string, got: string): ParsedTopic {
  return { ok: false, expected, got }
}

/** The device that a topic belongs to. */
export type DevicePlace = Pick<Address, 'site' | 'kind' | 'device'>

/** `est/1/hengkang/charger/hengkang-shed1-charger/tele/p03`. The inverse of `parseTopic`; ids are not checked. */
export function deviceTopic(
  { site, kind, device }: DevicePlace,
  deviceClass: DeviceClass,
  sub?: string,
): string {
  const topic = `est/1/${site}/${kind}/${device}/${deviceClass}`
  return sub === undefined ? topic : `${topic}/${sub}`
}

/** Topics of the server. A fault key `{root}|{cause class}` becomes one level each, so that a flow can
 *  subscribe to the faults of one place. */
export const serverTopics = {
  status: 'srv/1/status',
  fault: (site: string, key: string) => `srv/1/fault/${site}/${key.split('|').map(level).join('/')}`,
  order: (site: string, order: string) => `srv/1/order/${site}/${level(order)}`,
} as const

/** What MQTT gives a meaning has none inside a level. */
function level(text: string): string {
  return text.replaceAll(/[/+#]/g, '-')
}
