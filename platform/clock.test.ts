import { expect, test } from 'vitest'
import { VirtualClock } from './clock.ts'

test('alarms ring at their own moment, in time order, and only as far as the hands are turned', () => {
  const clock = new VirtualClock(1_000)
  const rung: string[] = []
  clock.after(300, () => rung.push(`late at ${clock.now()}`))
  clock.after(100, () => rung.push(`early at ${clock.now()}`))
  clock.every(200, () => rung.push(`tick at ${clock.now()}`))
  clock.advance(450)
  expect(rung).toEqual(['early at 1100', 'tick at 1200', 'late at 1300', 'tick at 1400'])
  expect(clock.now()).toBe(1_450)
})

test('a cancelled alarm stays silent', () => {
  const clock = new VirtualClock()
  let rings = 0
  const cancel = clock.every(10, () => rings++)
  clock.advance(25)
  cancel()
  clock.advance(100)
  expect(rings).toBe(2)
})
