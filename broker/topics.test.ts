import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RetainedMessages } from './retained-messages.ts'
import { TopicFilters } from './topic-filters.ts'

/** Topics and filters, the tree against the rule as MQTT words it. */

const level = fc.constantFrom('a', 'b', '', '$x')
const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'))
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, rest]) => [...levels.slice(rest ? 1 : 0), ...(rest ? ['#'] : [])].join('/'))

/** [MQTT-4.7.1-2, -3], [MQTT-4.7.2-1] */
function concerns(wanted: string, said: string): boolean {
  if (said.startsWith('$') && /^[+#]/.test(wanted)) return false
  const [filters, topics] = [wanted.split('/'), said.split('/')]
  const open = filters.at(-1) === '#'
  const fixed = open ? filters.slice(0, -1) : filters
  if (open ? topics.length < fixed.length : topics.length !== fixed.length) return false
  return fixed.every((name, at) => name === '+' || name === topics[at])
}

describe('subscriptions', () => {
  test('are found by topic, all of them and no other, whoever came and went before', () => {
    fc.assert(
      fc.property(fc.array(filter), fc.array(filter), topic, (staying, leaving, said) => {
        const filters = new TopicFilters<string>()
        for (const one of leaving) filters.add(one, 'leaving', one)
        for (const one of staying) filters.add(one, 'staying', one)
        for (const one of leaving) filters.remove(one, 'leaving')
        const expected = [...new Set(staying)].filter((one) => concerns(one, said))
        expect(filters.match(said).sort()).toEqual(expected.sort())
      }),
    )
  })
})

describe('retained messages', () => {
  test('are found by filter, all of them and no other, the last on each topic', () => {
    fc.assert(
      fc.property(fc.array(topic), fc.array(topic), filter, (put, removed, wanted) => {
        const retained = new RetainedMessages()
        for (const [at, one] of put.entries()) retained.put({ topic: one, payload: String(at) })
        for (const one of removed) retained.remove(one)
        const left = [...new Set(put)].filter((one) => !removed.includes(one))
        const expected = left
          .filter((one) => concerns(wanted, one))
          .map((one) => ({ topic: one, payload: String(put.lastIndexOf(one)) }))
        const byTopic = (a: { topic: string }, b: { topic: string }) => (a.topic < b.topic ? -1 : 1)
        expect([...retained.matching(wanted)].sort(byTopic)).toEqual(expected.sort(byTopic))
        expect(retained.count).toBe(left.length)
        for (const one of left) retained.remove(one)
        expect(retained.bytes).toBe(0)
      }),
    )
  })

  test('of one estate among 100,000 are found without looking at the others', () => {
    const retained = new RetainedMessages()
    for (let estate = 0; estate < 1_000; estate++)
      for (let device = 0; device < 100; device++)
        retained.put({ topic: `est/1/estate-${estate}/charger/d${device}/state/p01`, payload: 'free' })
    const began = performance.now()
    for (let time = 0; time < 100; time++)
      expect([...retained.matching('est/1/estate-7/+/+/state/#')]).toHaveLength(100)
    // A scan looks at 10 million topics for this.
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  test('without room the new one is not kept, and the old one is not passed off as the last word', () => {
    const retained = new RetainedMessages(2, 1_000)
    expect(retained.put({ topic: 'a', payload: '1' })).toBe(true)
    expect(retained.put({ topic: 'b', payload: '1' })).toBe(true)
    expect(retained.put({ topic: 'c', payload: '1' })).toBe(false)
    expect(retained.put({ topic: 'b', payload: 'x'.repeat(2_000) })).toBe(false)
    expect([...retained.matching('#')].map(({ topic: one }) => one)).toEqual(['a'])
  })
})
