import { describe, expect, test } from 'vitest'
import { noFlood, watchFlood } from './flood.ts'

const minute = 60_000
const alarms = (count: number, atMs: number) => Array.from({ length: count }, () => atMs)

describe('a flood of alarms', () => {
  test('begins with the tenth within ten minutes', () => {
    const nine = watchFlood(noFlood, alarms(9, minute), minute)
    expect(nine.sinceMs).toBeNull()
    expect(watchFlood(nine, alarms(1, 9 * minute), 9 * minute).sinceMs).toBe(9 * minute)
  })

  test('is none when ten alarms take longer', () => {
    const nine = watchFlood(noFlood, alarms(9, 0), 0)
    expect(watchFlood(nine, alarms(1, 10 * minute), 10 * minute).sinceMs).toBeNull()
  })

  test('goes on until fewer than five have come in the last ten minutes', () => {
    const flood = watchFlood(noFlood, alarms(65, 0), 0)
    const thinning = watchFlood(flood, alarms(5, 9 * minute), 10 * minute)
    expect(thinning.sinceMs).toBe(0)
    expect(watchFlood(thinning, [], 19 * minute).sinceMs).toBeNull()
  })

  test('is measured by how many there are to read them', () => {
    expect(watchFlood(noFlood, alarms(19, 0), 0, 2).sinceMs).toBeNull()
    expect(watchFlood(noFlood, alarms(20, 0), 0, 2).sinceMs).toBe(0)
  })

  test('of a whole district keeps the newest thousand only', () => {
    expect(watchFlood(noFlood, alarms(5_000, 0), 0).recentMs).toHaveLength(1_000)
  })
})
