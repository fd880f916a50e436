import { HttpError, RequestTimedOutError } from '@influxdata/influxdb-client'
import { expect, test } from 'vitest'
import { influxWriteError } from './influx-failures.ts'

function answered(status: number, body: string, headers: Record<string, string> = {}): HttpError {
  return new HttpError(status, '', body, undefined, 'application/json', undefined, headers)
}

test.each([
  ['partial', answered(400, '{"error":"partial write: field type conflict dropped=1"}')],
  ['refused', answered(400, `{"error":"unable to parse 'x'"}`)],
  ['refused', answered(404, '{"error":"database not found: \\"estate\\""}')],
  ['unauthorised', answered(401, '{"error":"authorization failed"}')],
  ['unauthorised', answered(403, '{"error":"not authorized"}')],
  ['too-large', answered(413, '{"error":"Request Entity Too Large"}')],
  ['failed', answered(500, '{"error":"engine: disk full"}')],
  ['unavailable', answered(503, '{"message":"maintenance"}')],
  ['unavailable', answered(429, '')],
  ['timeout', new RequestTimedOutError()],
  ['unavailable', new Error('connect ECONNREFUSED')],
])('%s: %s', (failure, cause) => {
  expect(influxWriteError(cause).failure).toBe(failure)
})

test.each([
  ['{"error":"in 1.x words"}', 'in 1.x words'],
  ['{"code":"invalid","message":"in 2.x words"}', 'in 2.x words'],
  ['a proxy, in plain text', 'a proxy, in plain text'],
])('the reason is the one that the store gave: %s', (body, reason) => {
  expect(influxWriteError(answered(400, body)).reason).toBe(reason)
})

test('Retry-After is in seconds', () => {
  expect(influxWriteError(answered(503, '{}', { 'retry-after': '30' })).retryAfterMs).toBe(30_000)
  expect(influxWriteError(answered(503, '{}')).retryAfterMs).toBeUndefined()
})
