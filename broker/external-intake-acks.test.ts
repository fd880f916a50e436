import { expect, test } from 'vitest'
import { OwedAcks } from './external-intake-acks.ts'

/** Message ids of the PUBACKs in each write. */
function recorded() {
  const writes: (number[] | 'stuck')[] = []
  const write = (packets: Buffer) => {
    const ids: number[] = []
    for (let at = 0; at < packets.length; at += 4) {
      expect([...packets.subarray(at, at + 2)]).toEqual([0x40, 2])
      ids.push(packets.readUInt16BE(at + 2))
    }
    writes.push(ids)
  }
  const acks = new OwedAcks({ write, stuck: () => writes.push('stuck') })
  return { acks, writes }
}

/** All microtasks have run. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('PUBACKs leave in the order in which the messages came [MQTT-4.6.0-2], whichever was done first', async () => {
  const { acks, writes } = recorded()
  const [first, second, third] = [acks.owe(7), acks.owe(65_535), acks.owe(9)]
  second('kept')
  await settled()
  expect({ writes, owed: acks.size }).toEqual({ writes: [], owed: 3 })
  first('kept')
  await settled()
  third('kept')
  await settled()
  expect({ writes, owed: acks.size }).toEqual({ writes: [[7, 65_535], [9]], owed: 0 })
})

test('those of one commit leave as one write', async () => {
  const { acks, writes } = recorded()
  const commit = [1, 2, 3, 4, 5].map((id) => acks.owe(id))
  for (const done of commit) done('kept')
  await settled()
  expect(writes).toEqual([[1, 2, 3, 4, 5]])
})

test('what came before a message that is given back is acknowledged first, what came after it is not', async () => {
  const { acks, writes } = recorded()
  const [first, second, third] = [acks.owe(1), acks.owe(2), acks.owe(3)]
  second('given-back')
  third('kept')
  await settled()
  expect(writes).toEqual([])
  first('kept')
  await settled()
  expect(writes).toEqual([[1], 'stuck'])
})
