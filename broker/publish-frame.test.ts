import fc from 'fast-check'
import { generate } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { publishFrame } from './publish-frame.ts'

const limit = 16 * 1024

const publish = fc.record({
  cmd: fc.constant('publish' as const),
  topic: fc.stringMatching(/^[a-z0-9/-]{1,300}$/),
  payload: fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
  qos: fc.constant(1 as const),
  messageId: fc.integer({ min: 1, max: 65_535 }),
  dup: fc.boolean(),
  retain: fc.constant(false),
})

test('a PUBLISH at QoS 1 is read as mqtt-packet wrote it, wherever it stands', () => {
  fc.assert(
    fc.property(
      publish,
      fc.uint8Array({ maxLength: 10 }),
      fc.uint8Array({ maxLength: 10 }),
      (packet, before, after) => {
        const bytes = generate(packet)
        const frame = publishFrame(Buffer.concat([before, bytes, after]), before.length, limit)
        expect(frame).toMatchObject({
          topic: packet.topic,
          packetId: packet.messageId,
          payload: packet.payload,
          end: before.length + bytes.length,
        })
      },
    ),
  )
})

test('a PUBLISH whose end has not come is a part of one, wherever it is cut', () => {
  fc.assert(
    fc.property(publish, fc.nat(), (packet, cut) => {
      const bytes = generate(packet)
      expect(publishFrame(bytes.subarray(0, 1 + (cut % (bytes.length - 1))), 0, limit)).toBe('part')
    }),
  )
})

test('no bytes make it throw or read beyond them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
      const frame = publishFrame(Buffer.from(bytes), 0, limit)
      if (typeof frame !== 'string') expect(frame.end).toBeLessThanOrEqual(bytes.length)
    }),
  )
})

const packet = {
  cmd: 'publish',
  topic: 'est/1',
  payload: 'x',
  messageId: 7,
  dup: false,
  retain: false,
} as const

test.each([
  ['retained', generate({ ...packet, qos: 1, retain: true })],
  ['at QoS 0', generate({ ...packet, qos: 0 })],
  ['at QoS 2', generate({ ...packet, qos: 2 })],
  ['longer than allowed', generate({ ...packet, qos: 1, payload: Buffer.alloc(limit) })],
  ['a PINGREQ', generate({ cmd: 'pingreq' })],
  ['with packet id 0', Buffer.from([0x32, 6, 0, 1, 97, 0, 0, 120])],
  ['without a topic', Buffer.from([0x32, 5, 0, 0, 0, 1, 120])],
  ['with a topic longer than itself', Buffer.from([0x32, 5, 1, 0, 97, 0, 1])],
  ['with a length of five bytes', Buffer.from([0x32, 0x80, 0x80, 0x80, 0x80, 1])],
])('what is %s is for aedes', (_, bytes) => {
  expect(publishFrame(bytes, 0, limit)).toBe('other')
})
