import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from './clock.ts'
import { silentLog } from './log.ts'
import { Supervisor } from './supervisor.ts'

/** Real child processes, as small as can be: they link to the supervisor as our roles do. */

let folder: string
let supervisor: Supervisor | undefined
const printed: string[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'supervisor-'))
  printed.length = 0
})

afterEach(async () => {
  await supervisor?.stop()
  supervisor = undefined
  rmSync(folder, { recursive: true, force: true })
})

/** A role that does `body` once linked, and then lives until it is stopped. */
function program(body: string): string {
  const entry = join(folder, 'role.ts')
  const linkFile = pathToFileURL(join(import.meta.dirname, 'role-link.ts')).href
  writeFileSync(
    entry,
    `import { linkRole } from ${JSON.stringify(linkFile)}
     const role = process.argv.slice(2).join('+')
     const link = linkRole(role, () => process.exit(0))
     setInterval(() => {}, 1_000)
     ${body}`,
  )
  return entry
}

function supervise(entry: string, processes: string[][], onDemand: string[] = []): Supervisor {
  supervisor = new Supervisor({
    entry,
    dataDir: folder,
    processes,
    onDemand,
    environment: process.env,
    print: (line) => printed.push(line),
    clock: systemClock,
    log: silentLog,
  })
  return supervisor
}

const pid = (role: string) => Number(readFileSync(join(folder, 'run', `${role}.pid`), 'utf8'))

test('roles start in order, each knows the ports of those before it, and ready comes last', async () => {
  const entry = program(`
    if (role === 'broker') link.listening('mqtt', 'mqtt://127.0.0.1:4711')
    link.announce(role + ' sees ' + process.env.MQTT_PORT)
    link.ready()`)
  await supervise(entry, [['broker'], ['ingest', 'dashboard']]).start()
  expect(printed.slice(0, 2)).toEqual([
    'listening mqtt mqtt://127.0.0.1:4711',
    expect.stringContaining('broker sees'),
  ])
  expect(printed.slice(2)).toEqual(['ingest+dashboard sees 4711', 'ready'])
})

test('a role that is killed is started again within 2 s, on the port it had', async () => {
  const entry = program(`
    link.listening('mqtt', 'mqtt://127.0.0.1:' + (Number(process.env.MQTT_PORT ?? 0) || 4711))
    link.announce('life on ' + (process.env.MQTT_PORT ?? 'a free port'))
    link.ready()`)
  delete process.env['MQTT_PORT']
  await supervise(entry, [['broker'], ['sim']]).start()
  const before = pid('broker')
  const since = performance.now()
  process.kill(before, 'SIGKILL')
  await expect
    .poll(() => printed.filter((line) => line === 'life on 4711').length, { timeout: 5_000 })
    .toBe(2)
  expect(performance.now() - since).toBeLessThan(2_000)
  expect(pid('broker')).not.toBe(before)
  expect(printed.filter((line) => line.startsWith('listening'))).toHaveLength(1)
})

test('a question goes to every role, and one that has no answer or is deaf is left out', async () => {
  const entry = program(`
    if (role !== 'deaf' && role !== 'unasked') link.answer('health', async () => role + ' is well')
    if (role === 'deaf') process.removeAllListeners('message')
    link.ready()
    if (role === 'asking') {
      const answers = await link.gather('health')
      link.announce(JSON.stringify(answers.map(({ body }) => body).sort()))
    }`)
  await supervise(entry, [['broker'], ['unasked'], ['deaf'], ['asking']]).start()
  await expect.poll(() => printed.at(-1), { timeout: 5_000 }).toBe('["asking is well","broker is well"]')
  // The deaf one cannot be told to stop either.
  process.kill(pid('deaf'), 'SIGKILL')
})

test('a role for later starts when somebody needs it, once, and its failure is told', async () => {
  const entry = program(`
    if (role === 'broken') process.exit(3)
    link.ready()
    if (role === 'dashboard') {
      await Promise.all([link.ensure('flows'), link.ensure('flows')])
      const broken = await link.ensure('broken').catch((cause) => cause.message)
      const unknown = await link.ensure('sim').catch((cause) => cause.message)
      link.announce([broken, unknown].join(' | '))
    }
    else if (role === 'flows') link.announce('flows run')`)
  await supervise(entry, [['dashboard']], ['flows', 'broken']).start()
  await expect
    .poll(() => printed.at(-1), { timeout: 5_000 })
    .toBe('broken ended before it was ready (exit code 3) | sim was not asked for when the system started')
  expect(printed.filter((line) => line === 'flows run')).toHaveLength(1)
})

test('a role that cannot start ends the start with its own exit code', async () => {
  const entry = program(`if (role === 'ingest') process.exit(2); link.ready()`)
  await expect(supervise(entry, [['broker'], ['ingest']]).start()).rejects.toMatchObject({ exitCode: 2 })
})

test('on a full disk a role runs all the same, and its process id is written when there is room', async () => {
  const entry = program(`
    link.announce(String(process.pid))
    link.ready()`)
  mkdirSync(join(folder, 'run'))
  symlinkSync('/dev/full', join(folder, 'run', 'broker.pid'))
  await supervise(entry, [['broker'], ['ingest']]).start()
  await vi.waitFor(() => expect(pid('broker')).toBe(Number(printed[0])), 5_000)
})
