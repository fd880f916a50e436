import { expect, test } from 'vitest'
import { OwedAcks } from './external-intake-acks.ts'

/** Message ids of the PUBACKs in each write. */
function recorded() {
  const writes: number[][] = []
  const acks = new OwedAcks((packets) => {
    const ids: number[] = []
    for (let at = 0; at < packets.length; at += 4) {
      expect([...packets.subarray(at, at + 2)]).toEqual([0x40, 2])
      ids.push(packets.readUInt16BE(at + 2))
    }
    writes.push(ids)
  })
  return { acks, writes }
}

/** All microtasks have run. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('PUBACKs leave in the order in which the messages came [MQTT-4.6.0-2], whichever was done first', async () => {
  const { acks, writes } = recorded()
  const [first, second, third] = [acks.owe(7), acks.owe(65_535), acks.owe(9)]
  second?.()
  await settled()
  expect({ writes, owed: acks.size }).toEqual({ writes: [], owed: 3 })
  first?.()
  await settled()
  third?.()
  await settled()
  expect({ writes, owed: acks.size }).toEqual({ writes: [[7, 65_535], [9]], owed: 0 })
})

test('those of one commit leave as one write', async () => {
  const { acks, writes } = recorded()
  const commit = [1, 2, 3, 4, 5].map((id) => acks.owe(id))
  for (const done of commit) done()
  await settled()
  expect(writes).toEqual([[1, 2, 3, 4, 5]])
})
