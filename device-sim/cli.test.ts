import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { groundTruthSchema } from './scenarios/ground-truth.ts'

const program = new URL('cli.ts', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'sim-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

function sim(...given: string[]): Promise<{ code: number; out: string; error: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...given], { maxBuffer: 2 ** 26 }, (_, out, error) =>
      resolve({ code: child.exitCode ?? -1, out, error }),
    )
  })
}

test('offline with a digest it prints one line, the same for the same seed', async () => {
  const hour = ['--offline', '--scenario', 'burst', '--hours', '1', '--digest', '--seed', '5']
  const [first, second] = await Promise.all([sim(...hour), sim(...hour)])
  expect(first.out).toMatch(/^messages \d+ sha256 [0-9a-f]{64} seconds \d+\.\d\d\n$/)
  expect(second.out.split(' seconds ')[0]).toBe(first.out.split(' seconds ')[0])
})

test('offline without a digest every message is a line of JSON', async () => {
  const { out } = await sim('--offline', '--hours', '0.01')
  const lines = out.trimEnd().split('\n')
  expect(lines.length).toBeGreaterThan(200)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ retain: true, payload: { st: 'ready' } })
})

test('garbage is told as bytes, so that every line is JSON all the same', async () => {
  const file = join(folder, 'garbage.json')
  writeFileSync(file, JSON.stringify({ name: 'garbage', about: '', mischief: { garbage: { share: 0.2 } } }))
  const { out } = await sim('--offline', '--scenario', file, '--hours', '0.1')
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)))
  expect(lines.filter((line) => 'bytes' in line).length).toBeGreaterThan(20)
  expect(lines.every((line) => 'bytes' in line || 'payload' in line)).toBe(true)
})

test('it writes the fleet as a registry file', async () => {
  const file = join(folder, 'registry.json')
  expect(await sim('--emit-registry', file)).toMatchObject({ code: 0 })
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ format: 'estate-registry/1' })
})

test('it lists what there is to run', async () => {
  const { code, out } = await sim('--list')
  expect(code).toBe(0)
  expect(out).toMatch(/^ {2}hidden-leak +A joint under building 9/m)
  expect(out).toMatch(/^ {2}district +all 148 estates/m)
})

test('what really happened is written when the run is over: mischief is counted by then', async () => {
  const file = join(folder, 'truth.json')
  const hour = ['--offline', '--scenario', 'coldest-night', '--hours', '2.5', '--digest', '--truth', file]
  expect(await sim(...hour)).toMatchObject({ code: 0 })
  const { faults, mischief } = groundTruthSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  expect(faults.map(({ fault }) => fault)).toEqual(['burst', 'estate-silent'])
  expect(mischief.length).toBeGreaterThan(30)
})

test('every mistake is listed at once, and the exit code is 2', async () => {
  const { code, error } = await sim('--fleet', 'moon', '--seed', 'x', '--broker', 'http://a', '--digest')
  expect(code).toBe(2)
  for (const option of ['--fleet', '--seed', '--broker', '--digest', '--credentials'])
    expect(error).toContain(option)
})

test.each([
  [
    'a scenario that is not there',
    ['--offline', '--scenario', 'flood'],
    'no scenario flood.\n  - There are: air-in-the-pipes, ',
  ],
  ['an option that is not there', ['--sead', '5'], '--sead'],
  ['a device left out that nobody has', ['--offline', '--without', 'hengkang-b99-heat'], 'hengkang-b99-heat'],
  [
    'a folder that is not there',
    ['--emit-registry', join(folder, 'none/registry.json')],
    'none/registry.json',
  ],
  ['a truth that nobody can write', ['--offline', '--truth', join(folder, 'none/t.json')], 'none/t.json'],
  ['credentials that are not there', ['--credentials', join(folder, 'none.json')], 'cannot be read'],
])('%s: exit 2, no stack', async (_, given, message) => {
  const { code, error } = await sim(...given)
  expect(code).toBe(2)
  expect(error).toContain(message)
  expect(error).not.toContain('    at ')
})

test('a scenario file of one’s own runs by its path, and its mistakes are named', async () => {
  const file = join(folder, 'mine.json')
  const fault = { t: 5, target: 'hengkang-b02', fault: 'burst', params: { m3h: 900 } }
  writeFileSync(file, JSON.stringify({ name: 'mine', about: 'a test', faults: [fault] }))
  const wrong = await sim('--offline', '--scenario', file)
  expect(wrong.code).toBe(2)
  expect(wrong.error).toContain('faults.0.params.m3h')
  fault.params.m3h = 9
  writeFileSync(file, JSON.stringify({ name: 'mine', about: 'a test', faults: [fault] }))
  expect(await sim('--offline', '--scenario', file, '--hours', '0.1', '--digest')).toMatchObject({ code: 0 })
})
