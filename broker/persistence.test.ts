import assert from 'node:assert'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../platform/clock.ts'
import { silentLog } from '../platform/log.ts'
import { openMetrics } from '../platform/metrics.ts'
import { BrokerMemory } from './memory.ts'
import { aedesPersistence, type Persistence } from './persistence.ts'

/** The published conformance suite of aedes persistences, case by case; it is written for node:test, of whose
 *  context it uses `plan`, `assert` and `diagnostic`. */

const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

async function openPersistence(): Promise<Persistence> {
  const folder = mkdtempSync(join(tmpdir(), 'broker-memory-'))
  folders.push(folder)
  const memory = new BrokerMemory({
    file: join(folder, 'broker.db'),
    onCursor: () => {},
    clock: systemClock,
    logger: silentLog,
    metrics: openMetrics('test'),
  })
  await memory.start(join(folder, 'intake.db'))
  return aedesPersistence(memory, systemClock)
}

class Context {
  #planned: number | undefined
  #asserted = 0
  readonly assert = {
    equal: this.#counting(assert.equal),
    notEqual: this.#counting(assert.notEqual),
    deepEqual: this.#counting(assert.deepEqual),
    ok: this.#counting((value: unknown, message?: string) => assert.ok(value, message)),
  }

  plan(count: number): void {
    this.#planned = count
  }

  diagnostic(): void {}

  finish(): void {
    if (this.#planned !== undefined) expect(this.#asserted, 'assertions').toBe(this.#planned)
  }

  #counting<Values extends unknown[]>(check: (...values: Values) => void): (...values: Values) => void {
    return (...values) => {
      this.#asserted++
      check(...values)
    }
  }
}

interface Suite {
  test: (name: string, run: (context: Context) => Promise<void>) => void
  persistence: () => Promise<Persistence>
  testAsync: boolean
}

const suite = z
  .custom<(suite: Suite) => void>((value) => typeof value === 'function')
  .parse(createRequire(import.meta.url)('aedes-persistence/abstract'))

describe('aedes-persistence/abstract', () => {
  suite({
    test: (name, run) =>
      test(name, async () => {
        const context = new Context()
        await run(context)
        context.finish()
      }),
    persistence: openPersistence,
    testAsync: true,
  })
})
