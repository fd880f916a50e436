import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kinds } from './message.ts'
import { deviceTopic, isId, maxTopicLength, parseTopic, serverTopics } from './topics.ts'

const place = { site: 'hengkang', kind: 'charger', device: 'hengkang-shed1-charger' } as const
const base = 'est/1/hengkang/charger/hengkang-shed1-charger'

const understood = [
  [`${base}/tele`, { ...place, class: 'tele' }],
  [`${base}/tele/p03`, { ...place, class: 'tele', sub: 'p03' }],
  [`${base}/state/p12`, { ...place, class: 'state', sub: 'p12' }],
  [`${base}/conn`, { ...place, class: 'conn' }],
  [`${base}/hist/p01`, { ...place, class: 'hist', sub: 'p01' }],
  [`${base}/ack/set_period`, { ...place, class: 'ack', sub: 'set_period' }],
  [`${base}/cmd/replay`, { ...place, class: 'cmd', sub: 'replay' }],
] as const

const refused: [topic: string, expected: string][] = [
  ['', 'est/1/'],
  ['est', 'envelope version 1'],
  ['$SYS/broker/uptime', 'est/1/'],
  ['srv/1/status', 'est/1/'],
  ['EST/1/hengkang/charger/x/tele', 'est/1/'],
  ['/est/1/hengkang/charger/x/tele', 'est/1/'],
  ['est/2/hengkang/charger/x/tele', 'envelope version 1'],
  ['est/1//charger/x/tele', 'a site id'],
  ['est/1/Hengkang/charger/x/tele', 'a site id'],
  ['est/1/恒康/charger/x/tele', 'a site id'],
  ['est/1/hengkang/toaster/x/tele', 'a kind'],
  ['est/1/hengkang/constructor/x/tele', 'a kind'],
  ['est/1/hengkang/charger//tele', 'a device id'],
  ['est/1/hengkang/charger/+/tele', 'a device id'],
  [`est/1/hengkang/charger/${'x'.repeat(65)}/tele`, 'a device id'],
  ['est/1/hengkang/charger/x', 'a class'],
  ['est/1/hengkang/charger/x/', 'a class'],
  ['est/1/hengkang/charger/x/telemetry', 'a class'],
  ['est/1/hengkang/charger/x/__proto__', 'a class'],
  ['est/1/hengkang/charger/x/tele/', 'a port'],
  ['est/1/hengkang/charger/x/tele/p00', 'a port'],
  ['est/1/hengkang/charger/x/tele/p13', 'a port'],
  ['est/1/hengkang/charger/x/tele/p3', 'a port'],
  ['est/1/hengkang/charger/x/tele/p03/more', 'at most one level'],
  ['est/1/hengkang/charger/x/ack', 'the name of the command'],
  ['est/1/hengkang/charger/x/ack/', 'the name of the command'],
  [`est/1/hengkang/${'charger/'.repeat(100)}`, `at most ${maxTopicLength}`],
]

describe('device topics', () => {
  test.each(understood)('%s is understood, and written the same again', (topic, address) => {
    expect(parseTopic(topic)).toEqual({ ok: true, address })
    const sub = 'sub' in address ? address.sub : undefined
    expect(deviceTopic(address, address.class, sub)).toBe(topic)
  })

  test.each(refused)('%s is refused: expected %s …', (topic, expected) => {
    const parsed = parseTopic(topic)
    expect(parsed.ok ? 'understood' : parsed.expected).toContain(expected)
  })

  test('every topic of valid parts is read back as those parts', () => {
    const id = fc.stringMatching(/^[a-z0-9-]{1,64}$/)
    fc.assert(
      fc.property(id, fc.constantFrom(...kinds), id, (site, kind, device) => {
        expect(isId(site)).toBe(true)
        const topic = deviceTopic({ site, kind, device }, 'tele')
        expect(parseTopic(topic)).toEqual({ ok: true, address: { site, kind, device, class: 'tele' } })
      }),
    )
  })
})

describe('server topics', () => {
  test('the key of a fault becomes levels, without anything MQTT would take for a wildcard', () => {
    expect(serverTopics.fault('hengkang', 'hengkang-station|burst')).toBe(
      'srv/1/fault/hengkang/hengkang-station/burst',
    )
    expect(serverTopics.fault('hengkang', 'a/b+c#|d')).toBe('srv/1/fault/hengkang/a-b-c-/d')
  })

  test('an order has a topic of its own', () => {
    expect(serverTopics.order('hengkang', 'WO-0001')).toBe('srv/1/order/hengkang/WO-0001')
  })
})
