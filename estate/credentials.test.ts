import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CredentialVerifier, issueCredential, issueMissingCredentials } from './credentials.ts'
import { openRecords, type Records } from './records.ts'
import { parseRegistryFile } from './registry-file.ts'
import { saveRegistry } from './registry-store.ts'
import { serverKey, serviceSecret } from './server-key.ts'
import { smallFile } from './small-estate.fixture.ts'

let folder: string
let records: Records
let key: Buffer
let verifier: CredentialVerifier

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'credentials-'))
  key = serverKey(folder)
  records = await openRecords(join(folder, 'records.db'))
  await records.transaction().execute((trx) => saveRegistry(trx, parseRegistryFile(smallFile())))
  verifier = new CredentialVerifier(records, key)
})

afterEach(async () => {
  await records.destroy()
  rmSync(folder, { recursive: true, force: true })
})

const issued = async (device: string) => {
  const credential = await issueCredential(records, key, { device, atMs: 1 })
  if (!credential) throw new Error(`no credential for ${device}`)
  return credential
}
const enter = (username: string, password: string) => verifier.verify(username, Buffer.from(password))

test('a device enters with the secret it was issued, and speaks under its own topics', async () => {
  const { username, password, topics } = await issued('dayuan-charger')
  expect(username).toBe('dayuan-charger')
  expect(topics.publish).toContain('est/1/dayuan/charger/dayuan-charger/tele/#')
  expect(await enter(username, password)).toEqual({
    type: 'device',
    id: 'dayuan-charger',
    publish: ['est/1/dayuan/charger/dayuan-charger/'],
    subscribe: ['est/1/dayuan/charger/dayuan-charger/'],
  })
})

test('a gateway speaks also for the devices that report through it', async () => {
  const { username, password } = await issued('dayuan-gw')
  expect(await enter(username, password)).toMatchObject({
    id: 'dayuan-gw',
    publish: ['est/1/dayuan/gateway/dayuan-gw/', 'est/1/dayuan/water-meter/dayuan-f101-water/'],
  })
})

test("nobody enters with a wrong password, a neighbour's, an empty one or an unknown name", async () => {
  const { password } = await issued('dayuan-charger')
  await issued('dayuan-gw')
  expect(await enter('dayuan-charger', `${password}x`)).toBeUndefined()
  expect(await enter('dayuan-gw', password)).toBeUndefined()
  expect(await enter('dayuan-charger', '')).toBeUndefined()
  expect(await enter('dayuan-stolen', password)).toBeUndefined()
  expect(await issueCredential(records, key, { device: 'dayuan-stolen', atMs: 1 })).toBeUndefined()
})

test('a second credential does not take the first away', async () => {
  const first = await issued('dayuan-charger')
  const second = await issued('dayuan-charger')
  expect(await enter('dayuan-charger', first.password)).toBeDefined()
  expect(await enter('dayuan-charger', second.password)).toBeDefined()
})

test('our own services enter with the secret derived from the server key, and with no other', async () => {
  expect(await enter('srv-ingest', serviceSecret(key, 'srv-ingest'))).toEqual({
    type: 'service',
    name: 'srv-ingest',
  })
  expect(await enter('srv-flows', serviceSecret(key, 'srv-ingest'))).toBeUndefined()
})

test('who has no credential gets one with an import, and who has one gets no second', async () => {
  const missing = () => records.transaction().execute((trx) => issueMissingCredentials(trx, key, 1))
  await issued('dayuan-charger')
  const made = await missing()
  expect(made.map(({ username }) => username)).toEqual(
    smallFile()
      .devices.map(({ id }) => id)
      .filter((id) => id !== 'dayuan-charger')
      .sort(),
  )
  for (const { username, password } of made) expect(await enter(username, password)).toBeDefined()
  expect(await missing()).toEqual([])
})

test('no password lies in the database, and the server key is for its owner only', async () => {
  const { password } = await issued('dayuan-charger')
  await records.destroy()
  expect(readFileSync(join(folder, 'records.db')).includes(password)).toBe(false)
  expect(statSync(join(folder, 'server.key')).mode & 0o077).toBe(0)
})
