import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dayMs, hourMs, minuteMs } from './resolution.ts'
import { stitched } from './stitching.ts'

const window = { fromMs: 10 * hourMs, toMs: 14 * hourMs, slotMs: hourMs }

test('where nothing is marked a chart is one piece', () => {
  expect(stitched('hour', window, [])).toEqual([
    { resolution: 'hour', fromMs: 10 * hourMs, toMs: 14 * hourMs },
  ])
})

test('of an hour in which one minute is marked, only that minute is read from the readings', () => {
  const at = 12 * hourMs + 20 * minuteMs
  expect(stitched('hour', window, [{ fromMs: at, toMs: at + minuteMs }])).toEqual([
    { resolution: 'hour', fromMs: 10 * hourMs, toMs: 12 * hourMs },
    { resolution: 'minute', fromMs: 12 * hourMs, toMs: at },
    { resolution: 'raw', fromMs: at, toMs: at + minuteMs },
    { resolution: 'minute', fromMs: at + minuteMs, toMs: 13 * hourMs },
    { resolution: 'hour', fromMs: 13 * hourMs, toMs: 14 * hourMs },
  ])
})

test('a day that has 23 hours is widened as a day', () => {
  const day = { fromMs: 5 * hourMs, toMs: 28 * hourMs, slotMs: 23 * hourMs }
  const marked = [{ fromMs: 6 * hourMs, toMs: 6 * hourMs + minuteMs }]
  expect(stitched('day', day, marked).map(({ resolution }) => resolution)).toEqual([
    'minute',
    'raw',
    'minute',
  ])
})

test('the pieces cover the window once, and every marked minute is read from the readings', () => {
  const stretch = fc
    .tuple(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 1, max: 200 }))
    .map(([from, length]) => ({ fromMs: from * minuteMs, toMs: (from + length) * minuteMs }))
  const apart = fc
    .array(stretch, { maxLength: 6 })
    .map((stretches) =>
      stretches
        .toSorted((a, b) => a.fromMs - b.fromMs)
        .filter(({ fromMs }, nth, all) => all.slice(0, nth).every(({ toMs }) => toMs < fromMs)),
    )
  fc.assert(
    fc.property(fc.constantFrom('minute', 'hour', 'day'), apart, (resolution, marked) => {
      const whole = { fromMs: 0, toMs: 2 * dayMs, slotMs: dayMs }
      const pieces = stitched(resolution, whole, marked)
      expect(pieces[0]?.fromMs).toBe(0)
      expect(pieces.at(-1)?.toMs).toBe(2 * dayMs)
      for (const [nth, { toMs }] of pieces.slice(0, -1).entries()) expect(pieces[nth + 1]?.fromMs).toBe(toMs)
      for (const { fromMs, toMs, resolution: from } of pieces)
        if (from !== 'raw')
          expect(marked.filter((stretch) => stretch.fromMs < toMs && stretch.toMs > fromMs)).toEqual([])
    }),
  )
})
