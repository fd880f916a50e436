import { expect, test } from 'vitest'
import { influxWriteError, refusalOf } from './influx-failures.ts'
import type { Answered } from './influx-http.ts'

function answered(status: number, text: string, headers: Answered['headers'] = {}): Answered {
  return { status, headers, text }
}

test.each([
  ['partial', answered(400, '{"error":"partial write: field type conflict dropped=1"}')],
  ['refused', answered(400, `{"error":"unable to parse 'x'"}`)],
  ['refused', answered(422, '{"code":"unprocessable entity","message":"field type conflict"}')],
  ['misdirected', answered(404, '{"error":"database not found: \\"estate\\""}')],
  ['misdirected', answered(404, '404 page not found')],
  ['misdirected', answered(400, '<h1>Bad Request</h1>')],
  ['misdirected', answered(400, '')],
  ['misdirected', answered(302, '')],
  ['unauthorised', answered(401, '{"error":"authorization failed"}')],
  ['unauthorised', answered(403, '{"error":"not authorized"}')],
  ['too-large', answered(413, '{"error":"Request Entity Too Large"}')],
  ['failed', answered(500, '{"error":"engine: disk full"}')],
  ['unavailable', answered(503, '{"message":"maintenance"}')],
  ['unavailable', answered(429, '')],
  ['timeout', answered(504, '<h1>Gateway Timeout</h1>')],
])('%s: %s', (failure, answer) => {
  expect(refusalOf(answer)?.failure).toBe(failure)
})

test('204 is yes; a connection that fails is nobody there', () => {
  expect(refusalOf(answered(204, ''))).toBeUndefined()
  const unreachable = new AggregateError([
    new Error('connect ECONNREFUSED ::1:8086'),
    new Error('and 127.0.0.1'),
  ])
  expect(influxWriteError(unreachable)).toMatchObject({
    failure: 'unavailable',
    reason: 'connect ECONNREFUSED ::1:8086; and 127.0.0.1',
  })
})

test.each([
  ['{"error":"in 1.x words"}', 'in 1.x words'],
  ['{"code":"invalid","message":"in 2.x words"}', 'in 2.x words'],
  ['a proxy, in plain text', 'a proxy, in plain text'],
])('the reason is the one that the store gave: %s', (body, reason) => {
  expect(refusalOf(answered(400, body))?.reason).toBe(reason)
})

test('a partial write says how many points it left out', () => {
  const said = (reason: string) => refusalOf(answered(400, JSON.stringify({ error: reason })))?.dropped
  expect(said('partial write: field type conflict: input field "x" dropped=17')).toBe(17)
  expect(said(`unable to parse 'partial write: dropped=17'`)).toBeUndefined()
})

test('Retry-After is in seconds, or a date', () => {
  const dates = { date: 'Wed, 21 Oct 2026 07:28:00 GMT', 'retry-after': 'Wed, 21 Oct 2026 07:28:20 GMT' }
  expect(refusalOf(answered(503, '{}', dates))?.retryAfterMs).toBe(20_000)
  expect(refusalOf(answered(503, '{}', { 'retry-after': 'soon' }))?.retryAfterMs).toBeUndefined()
  expect(refusalOf(answered(503, '{}', { 'retry-after': '30' }))?.retryAfterMs).toBe(30_000)
  expect(refusalOf(answered(503, '{}'))?.retryAfterMs).toBeUndefined()
})
