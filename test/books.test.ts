import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import mqtt from 'mqtt'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { refuseAll } from '../ingest/consumers.fixture.ts'
import { openIntakeReader } from '../platform/intake-reader.ts'
import * as answers from './support/answers.ts'
import { desk, openPage, phone, screenshot, startBrowser } from './support/browser.ts'
import { importDemoEstate } from './support/demo-estate.ts'
import { missing } from './support/programs.ts'
import { RunningSystem, until } from './support/system.ts'

/** The books of a system whose contract was put right: two houses sent readings that the software of then did not
 *  know and put into quarantine; the software of today does. An operator replays the one on the command line, an
 *  engineer the other on the page, and every message stays accounted for. */

const [first, second, third] = ['hengkang-b01-heat', 'hengkang-b02-heat', 'hengkang-b03-heat'] as const
const lacking = missing('chromium')
const dataDir = mkdtempSync(join(tmpdir(), 'books-'))

const reading = (seq: number) =>
  JSON.stringify({
    ...{ c: 'heat-entrance/1.0', b: 1, s: seq, t: Date.now() - 1_000 + seq, k: 'n' },
    d: { p_sup_kpa: 350, p_ret_kpa: 220 + seq },
  })

async function connect(system: RunningSystem, device: string) {
  const client = await mqtt.connectAsync(system.mqttUrl, await system.issueCredential(device))
  const topic = `est/1/hengkang/heat-entrance/${device}/tele`
  return {
    say: (payload: string) => client.publishAsync(topic, payload, { qos: 1 }),
    end: () => client.endAsync(),
  }
}

/** The broker alone takes three readings of two houses; then somebody who does not know them deals with them. */
async function leaveBehind(): Promise<void> {
  const broker = await RunningSystem.start({ roles: ['broker'], dataDir })
  await importDemoEstate(broker)
  for (const device of [first, second]) {
    const house = await connect(broker, device)
    for (const seq of [1, 2, 3]) await house.say(reading(seq))
    await house.end()
  }
  await broker.stop()
  const reader = openIntakeReader(join(dataDir, 'intake.db'))
  refuseAll(reader, join(dataDir, 'ingest.db'))
  reader.close()
}

const item = z.object({ id: z.number(), device: z.string(), count: z.number(), kept: z.number() })

describe('a contract that was put right', () => {
  let system: RunningSystem
  let browser: Browser

  beforeAll(async () => {
    await leaveBehind()
    system = await RunningSystem.start({ dataDir })
    await system.signIn()
    if (lacking === undefined) browser = await startBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    await system?.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const lineOf = async (device: string) => {
    const ledger = await system.api('/api/v1/ledger', answers.ledger)
    return ledger.devices.find((line) => line.device === device)
  }
  const asked = async (...words: string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await system.cli('quarantine', ...words)
    expect([code, stderr]).toEqual([0, ''])
    return JSON.parse(stdout)
  }

  test('on the command line: what lies there, as it came, and stored once when it is replayed', async () => {
    const { items } = z.object({ items: z.array(item) }).parse(await asked('list', '--device', first))
    expect(items).toMatchObject([{ device: first, count: 3, kept: 3 }])
    const shown = await asked('show', String(items[0]?.id))
    expect(shown).toMatchObject({
      item: { reason: 'contract-unknown', contract: 'heat-entrance/1.0' },
      raws: [
        { text: expect.stringContaining('"p_ret_kpa":223'), hex: expect.stringMatching(/^7b22/) },
        { text: expect.stringContaining('"p_ret_kpa":222') },
        { text: expect.stringContaining('"p_ret_kpa":221') },
      ],
    })
    expect(await lineOf(first)).toMatchObject({ accepted: 3, stored: 0, quarantined: 3, pending: 0 })
    expect(await asked('replay', '--device', first)).toEqual({
      ...{ replayed: 3, stored: 3, duplicate: 0, quarantined: 0, finished: true },
    })
    expect(await lineOf(first)).toMatchObject({ accepted: 3, stored: 3, quarantined: 0, pending: 0 })
    expect(await asked('replay', '--device', first)).toMatchObject({ replayed: 0 })
    const past = await system.api(
      `/api/v1/devices/${first}/history?signal=p_ret_kpa&from=${Date.now() - 3_600_000}&to=${Date.now()}&points=1`,
      answers.history,
    )
    expect(past.buckets).toMatchObject([{ min: 221, max: 223, count: 3 }])
  })

  test('a command that is wrong says how, and one about nothing says so', async () => {
    const wrong = await system.cli('quarantine', 'replay', '--reason', 'bad-luck')
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('reason')])
    const nothing = await system.cli('quarantine', 'show', '4711')
    expect([nothing.code, nothing.stderr]).toEqual([2, 'There is no group 4711 in quarantine.\n'])
  })

  test('the metrics have the totals, and that the books are right', async () => {
    const text = await (await system.fetch('/metrics')).text()
    expect(text).toMatch(/estate_ledger_messages\{.*outcome="quarantined".*\} 3\n/)
    expect(text).toMatch(/estate_ledger_imbalance\{.*\} 0\n/)
  })

  describe.skipIf(lacking !== undefined)(`on the page ${lacking ?? ''}`, () => {
    const open = async (device: typeof desk, address: string): Promise<Page> => {
      const { page } = await openPage(browser, `${system.httpUrl}/ops`, device)
      const { cookie } = await system.signIn()
      const [name = '', value = ''] = cookie.split('=')
      await page.context().addCookies([{ name, value, url: system.httpUrl }])
      await page.goto(`${system.httpUrl}/ops${address}`)
      await page.reload()
      return page
    }

    test('the ledger is a sum that adds up, and what is not in order comes first', async () => {
      const house = await connect(system, third)
      const sent = [1, 2, 3, 7].map(reading)
      for (const payload of [...sent, ...sent.slice(-1)]) await house.say(payload)
      await house.say('{"c":"heat-entrance/1.1","b":1,"s":8')
      await until('the third house in the ledger', async () => (await lineOf(third))?.quarantined === 1)
      const page = await open(desk, '#ledger')
      const sum = page.getByRole('img', { name: /已接收 12 等于 已存储 7 加 已隔离 4 加 重复 1 加 待处理 0/ })
      await sum.waitFor()
      expect(await page.locator('[data-verdict]').getAttribute('data-verdict')).toBe('right')
      const rows = await page.locator('[data-ledger]').evaluateAll((all) => all.map((row) => row.dataset))
      expect(rows.map(({ ledger, concern }) => `${ledger} ${concern}`).slice(0, 2)).toEqual([
        `${second} quarantined`,
        `${third} quarantined`,
      ])
      expect(await page.locator(`[data-ledger="${third}"] [data-column="missing"]`).innerText()).toBe('3')
      await screenshot(page, 'ops-desk-zh-ledger')
      await page.getByRole('button', { name: /有缺号/ }).click()
      await page.locator(`[data-ledger="${second}"]`).waitFor({ state: 'detached' })
      expect(await page.locator('[data-ledger]').evaluateAll((all) => all.length)).toBe(1)
      await page.getByRole('searchbox').fill('b02')
      await page.locator('.nothing').waitFor()
      await page.getByRole('button', { name: '全部' }).click()
      await page.locator(`[data-ledger="${second}"] [data-column="quarantined"] a`).click()
      await page.locator('[data-group]').waitFor()
      expect(page.url()).toContain(`#quarantine?device=${second}`)
      await page.context().close()
      await house.end()
    })

    test('an engineer opens a group, sees the raw message, and replays it', async () => {
      const page = await open(desk, `#quarantine?device=${second}`)
      const group = page.locator('[data-group]')
      await group.waitFor()
      await group.locator('[aria-expanded]').click()
      await group.locator('pre').first().waitFor()
      expect(await group.locator('pre').first().innerText()).toContain('"p_ret_kpa":223')
      await screenshot(page, 'ops-desk-zh-quarantine')
      await page.locator('[data-action="replay-all"]').click()
      await page.locator('[data-confirm="replay-all"]').click()
      await page.locator('[data-done="replay-all"]').waitFor()
      expect(await page.locator('[data-done="replay-all"]').innerText()).toContain('入库 3')
      await page.locator('.nothing').waitFor()
      expect(await lineOf(second)).toMatchObject({ accepted: 3, stored: 3, quarantined: 0 })
      await page.context().close()
    })

    test.each(['ledger', 'quarantine'] as const)(
      'on a phone, in English, the %s has it all',
      async (name) => {
        const page = await open({ ...phone, locale: 'en-US' }, `?lang=en#${name}`)
        await page
          .locator(name === 'ledger' ? '[data-ledger]' : '[data-group]')
          .first()
          .waitFor()
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        await screenshot(page, `ops-phone-en-${name}`)
        expect(overflow, 'nothing sticks out sideways').toBeLessThanOrEqual(0)
        await page.context().close()
      },
    )
  })
})
