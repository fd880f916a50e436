import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { VirtualClock } from '../platform/clock.ts'
import { openRecords, type Records } from './records.ts'
import { Staff } from './staff.ts'

const hourMs = 3_600_000

let folder: string
let records: Records
let clock: VirtualClock
let staff: Staff

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'staff-'))
  records = await openRecords(join(folder, 'records.db'))
  clock = new VirtualClock(Date.parse('2026-01-15T07:30:00+08:00'))
  staff = new Staff({ records, clock })
})

afterEach(async () => {
  await records.destroy()
  rmSync(folder, { recursive: true, force: true })
})

async function signIn(): Promise<{ token: string; password: string }> {
  const password = await staff.add('li', 'engineer')
  const session = await staff.login('li', password ?? '')
  if (password === undefined || !session) throw new Error('li was not let in')
  return { token: session.token, password }
}

test('the very first start makes one administrator with a generated password, and no later start does', async () => {
  const first = await staff.ensureFirst()
  expect(first?.name).toBe('admin')
  expect(first?.password).toMatch(/^([a-z2-9]{4}-){3}[a-z2-9]{4}$/)
  expect(await staff.login('admin', first?.password ?? '')).toMatchObject({ name: 'admin', role: 'admin' })
  expect(await staff.ensureFirst()).toBeUndefined()
})

test('a taken name is not given twice, and its password stays good', async () => {
  const { password } = await signIn()
  expect(await staff.add('li', 'admin')).toBeUndefined()
  expect(await staff.login('li', password)).toMatchObject({ role: 'engineer' })
})

test('a wrong password and an unknown name both come to nothing', async () => {
  await signIn()
  expect(await staff.login('li', 'guess')).toBeUndefined()
  expect(await staff.login('wang', 'guess')).toBeUndefined()
})

test('a session lasts for a shift after its last use, and not longer', async () => {
  const { token } = await signIn()
  clock.advance(11 * hourMs)
  expect(await staff.session(token)).toMatchObject({ name: 'li', role: 'engineer' })
  clock.advance(11 * hourMs)
  expect(await staff.session(token)).toBeDefined()
  clock.advance(12 * hourMs)
  expect(await staff.session(token)).toBeUndefined()
})

test('who signs out is out, on this screen only', async () => {
  const { token, password } = await signIn()
  const elsewhere = await staff.login('li', password)
  await staff.logout(token)
  expect(await staff.session(token)).toBeUndefined()
  expect(await staff.session(elsewhere?.token ?? '')).toBeDefined()
})

test('after ten wrong passwords the name waits five minutes, even for the right one', async () => {
  const { password } = await signIn()
  for (let attempt = 0; attempt < 10; attempt++) await staff.login('li', 'guess')
  expect(await staff.login('li', password)).toBeUndefined()
  clock.advance(5 * 60_000 + 1)
  expect(await staff.login('li', password)).toBeDefined()
})

test('neither passwords nor session tokens lie in the database', async () => {
  const { token, password } = await signIn()
  await records.destroy()
  const bytes = readFileSync(join(folder, 'records.db'))
  expect(bytes.includes(password)).toBe(false)
  expect(bytes.includes(token)).toBe(false)
})
