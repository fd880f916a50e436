import { describe, expect, test } from 'vitest'
import type { Principal } from '../estate/principal.ts'
import { mayPublish, maySubscribe } from './permissions.ts'

const meter = 'est/1/hengkang/water-meter/hengkang-b01-f101-water/'
const own = 'est/1/hengkang/gateway/hengkang-b01-gw/'
const gateway: Principal = {
  type: 'device',
  id: 'hengkang-b01-gw',
  publish: [own, meter],
  subscribe: [own, meter],
}
const service: Principal = { type: 'service', name: 'srv-ingest' }

describe('what a gateway may say', () => {
  test.each([
    ['its own samples', `${own}tele`, { allowed: true, device: 'hengkang-b01-gw' }],
    ["its child's upload", `${meter}batch`, { allowed: true, device: 'hengkang-b01-f101-water' }],
    ['its connection', `${own}conn`, { allowed: true, device: 'hengkang-b01-gw' }],
    [
      "a neighbour's samples",
      'est/1/hengkang/gateway/hengkang-b02-gw/tele',
      { allowed: false, reason: 'not-its-topic' },
    ],
    [
      'a name that begins like its own',
      'est/1/hengkang/gateway/hengkang-b01-gw2/tele',
      { allowed: false, reason: 'not-its-topic' },
    ],
    ['a command', `${own}cmd/reboot`, { allowed: false, reason: 'not-a-device-topic' }],
    ['a refusal', `${own}reject`, { allowed: false, reason: 'not-a-device-topic' }],
    ['a class that does not exist', `${own}gossip`, { allowed: false, reason: 'not-a-device-topic' }],
    ['the server status', 'srv/1/status', { allowed: false, reason: 'not-its-topic' }],
    ['what is no text', `${own}\u{fffd}`, { allowed: false, reason: 'not-utf8' }],
    ['a topic with a zero in it', `${own}\0`, { allowed: false, reason: 'not-utf8' }],
    ['the broker itself', '$SYS/broker/uptime', { allowed: false, reason: 'reserved-topic' }],
  ])('%s', (_, topic, verdict) => {
    expect(mayPublish(gateway, topic)).toEqual(verdict)
  })
})

describe('what a gateway may hear', () => {
  test.each([
    [`${own}cmd/#`, true],
    [`${own}cmd/+`, true],
    [`${own}cmd/replay`, true],
    [`${meter}want`, true],
    [`${meter}reject`, true],
    ['srv/1/status', true],
    [`${own}#`, false],
    [`${own}tele`, false],
    [`${own}cmd/a/b`, false],
    ['est/1/hengkang/gateway/+/reject', false],
    ['est/1/hengkang/gateway/hengkang-b02-gw/reject', false],
    ['srv/1/fault/#', false],
    ['#', false],
    ['$SYS/#', false],
  ])('%s: %s', (filter, allowed) => {
    expect(maySubscribe(gateway, filter)).toBe(allowed)
  })
})

test('a service speaks and hears under est and srv, and nowhere else', () => {
  expect(mayPublish(service, 'srv/1/status')).toEqual({ allowed: true })
  expect(mayPublish(service, `${own}reject`)).toEqual({ allowed: true })
  expect(mayPublish(service, '$SYS/x')).toMatchObject({ allowed: false })
  expect(maySubscribe(service, 'est/1/+/+/+/tele/#')).toBe(true)
  expect(maySubscribe(service, '#')).toBe(false)
  expect(maySubscribe(service, '$SYS/#')).toBe(false)
})
