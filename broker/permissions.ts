import { parseTopic } from '../firmware-contracts/topics.ts'
import type { Principal } from '../estate/principal.ts'

/** What a connected client may say and hear. A device speaks only under its own topics (a gateway also for its
 *  children) and hears only what the server says to it; a service speaks and hears under `est/` and `srv/`;
 *  nobody speaks under `$SYS`. */

export type PublishVerdict =
  /** From a device: goes into the intake log, counted for `device`. */
  | { allowed: true; device: string }
  /** From a service: handed on, not logged. */
  | { allowed: true; device?: undefined }
  | { allowed: false; reason: 'not-utf8' | 'reserved-topic' | 'not-its-topic' | 'not-a-device-topic' }

export function mayPublish(principal: Principal, topic: string): PublishVerdict {
  if (notText.test(topic)) return { allowed: false, reason: 'not-utf8' }
  if (topic.startsWith('$')) return { allowed: false, reason: 'reserved-topic' }
  if (principal.type === 'service') {
    return isOurs(topic) ? { allowed: true } : { allowed: false, reason: 'not-its-topic' }
  }
  if (!principal.publish.some((prefix) => topic.startsWith(prefix)))
    return { allowed: false, reason: 'not-its-topic' }
  const parsed = parseTopic(topic)
  if (!parsed.ok || serverClasses.has(parsed.address.class))
    return { allowed: false, reason: 'not-a-device-topic' }
  return { allowed: true, device: parsed.address.device }
}

/** What a decoder puts in the place of bytes that are not UTF-8 [MQTT-1.5.3-1], and U+0000 [MQTT-1.5.3-2]. */
const notText = /[\u{fffd}\0]/u

/** What the server says to a device, and a device may only hear; `cmd` has names below it. */
export const serverClasses: ReadonlySet<string> = new Set(['want', 'reject', 'cmd'])
const heard = /^(want|reject|cmd\/(#|\+|[a-z0-9_-]+))$/

export function maySubscribe(principal: Principal, filter: string): boolean {
  if (principal.type === 'service') return isOurs(filter)
  if (filter === 'srv/1/status') return true
  return principal.subscribe.some(
    (prefix) => filter.startsWith(prefix) && heard.test(filter.slice(prefix.length)),
  )
}

function isOurs(topic: string): boolean {
  return topic.startsWith('est/') || topic.startsWith('srv/')
}
