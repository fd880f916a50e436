import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from './clock.ts'
import { IntakeLog } from './intake-log.ts'
import { intakeConsumers } from './intake-message.ts'
import { openIntakeReader } from './intake-reader.ts'
import { silentLog } from './log.ts'
import { openMetrics } from './metrics.ts'

/** The intake log on a disk that has no room left: a small one of our own, in memory. */

const diskMiB = 64
const folder = mkdtempSync(join(tmpdir(), 'disk-full-'))

function mount(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMiB}m`, 'disk-full', folder], { stdio: 'ignore' })
    execFileSync('umount', [folder])
    return true
  } catch {
    return false
  }
}

let log: IntakeLog

beforeEach(async () => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMiB}m`, 'disk-full', folder])
  log = await open()
})

afterEach(async () => {
  await log.stop()
  execFileSync('umount', ['-l', folder])
})

async function open(): Promise<IntakeLog> {
  const common = { clock: systemClock, logger: silentLog, metrics: openMetrics('test') }
  const opened = new IntakeLog({ file: join(folder, 'intake.db'), ...common })
  await opened.start()
  return opened
}

const append = (bytes: number) =>
  new Promise<void>((resolve, reject) =>
    log.append(
      {
        device: 'hengkang-b01-heat',
        publisher: 'hengkang-b01-heat',
        receivedMs: 1_763_510_400_000,
        will: false,
        retain: false,
        qos: 1,
        topic: 'est/1/hengkang/heat-entrance/hengkang-b01-heat/tele',
        payload: Buffer.alloc(bytes, 'x'),
      },
      (error) => (error ? reject(error) : resolve()),
    ),
  )

const filler = join(folder, 'filler')

/** Somebody else takes all the room, also what is freed later. */
function fillUp(): void {
  const opened = openSync(filler, 'a')
  try {
    for (;;) writeSync(opened, Buffer.alloc(64 * 1024))
  } catch {
    closeSync(opened)
  }
}

const freeBytes = () => {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

const taken = (bytes: number) => append(bytes).then(() => 'taken', String)

async function appendUntilFull(bytes: number): Promise<number> {
  let count = 0
  while ((await taken(bytes)) === 'taken') count++
  return count
}

const caughtUp = () => {
  const reader = openIntakeReader(join(folder, 'intake.db'))
  for (const consumer of intakeConsumers) log.reportCursor(consumer, reader.end())
  reader.close()
}

describe.skipIf(!mount())('the intake log on a full disk (needs to mount one)', () => {
  test('refuses, says so, and takes messages by itself once somebody has made room', async () => {
    await append(100)
    await expect.poll(() => existsSync(join(folder, 'intake.db.reserve'))).toBe(true)
    fillUp()
    await appendUntilFull(1_000_000)
    expect(log.health()).toEqual({ ok: false, detail: 'the disk is full' })
    fillUp()
    await expect(append(1_000_000)).rejects.toThrow('the disk is full')
    rmSync(filler)
    await expect.poll(() => log.health(), { timeout: 5_000 }).toMatchObject({ ok: true })
    expect(existsSync(join(folder, 'intake.db.reserve'))).toBe(true)
    await append(1_000_000)
  })

  test('that it has filled up itself: consumers catch up, it trims with the help of its reserve, and goes on', async () => {
    await expect.poll(() => existsSync(join(folder, 'intake.db.reserve'))).toBe(true)
    const kept = await appendUntilFull(1_000_000)
    expect(kept).toBeGreaterThan(10)
    const reader = openIntakeReader(join(folder, 'intake.db'))
    expect(reader.read(0, 1_000)).toHaveLength(kept)
    reader.close()
    const catchingUp = setInterval(caughtUp, 100)
    try {
      await expect.poll(() => log.health(), { timeout: 10_000 }).toMatchObject({ ok: true })
      // What was trimmed is room, in the file or on the disk: as much goes in again.
      let again = 0
      await expect
        .poll(async () => (again += (await taken(1_000_000)) === 'taken' ? 1 : 0), {
          timeout: 20_000,
          interval: 1,
        })
        .toBe(2 * kept)
    } finally {
      clearInterval(catchingUp)
    }
  }, 40_000)

  test('opens although nothing is left, and what it had is there', async () => {
    await append(100)
    await expect.poll(() => existsSync(join(folder, 'intake.db.reserve'))).toBe(true)
    await log.stop()
    fillUp()
    expect(freeBytes()).toBe(0)
    log = await open()
    const reader = openIntakeReader(join(folder, 'intake.db'))
    expect(reader.read(0, 10)).toHaveLength(1)
    reader.close()
  })
})
