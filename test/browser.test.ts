import { spawn, type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import mqtt from 'mqtt'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jpeg } from '../estate/photos/pictures.fixture.ts'
import * as answers from './support/answers.ts'
import { desk, openPage, phone, screenshot, startBrowser } from './support/browser.ts'
import { importDemoEstate } from './support/demo-estate.ts'
import { missing } from './support/programs.ts'
import { RunningSystem, until } from './support/system.ts'

/** What a resident and an engineer see, in a real Chromium, while an estate lives behind it. The charger of the
 *  first shed is left to the test; everything else is simulated, and a main bursts right away. */

const charger = 'hengkang-shed1-charger'
/** Whatever the calendar says. */
const heating = 'season.announced=[{"mode":"heating","fromMs":0}]'
const lacking = missing('chromium')

describe.skipIf(lacking !== undefined)(`the screens ${lacking ?? ''}`, () => {
  let system: RunningSystem
  let simulator: ChildProcess
  let browser: Browser
  let device: mqtt.MqttClient
  let seq = 0

  beforeAll(async () => {
    system = await RunningSystem.start()
    const { credentialsFile } = await importDemoEstate(system)
    await system.cli('parameters', 'set', heating, '--site', 'hengkang', '--why', 'a test of every day')
    simulator = simulate(system, credentialsFile)
    device = await mqtt.connectAsync(system.mqttUrl, await system.issueCredential(charger))
    browser = await startBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    await device?.endAsync()
    simulator?.kill('SIGKILL')
    await system?.stop()
  })

  const say = (avail: string, phase: string) =>
    device.publishAsync(
      `est/1/hengkang/charger/${charger}/state/p01`,
      JSON.stringify({ c: 'charger/1.0', b: 1, s: ++seq, t: Date.now(), k: 'n', d: { avail, phase } }),
      { qos: 1, retain: true },
    )

  test('a resident sees 36 ports, and one go from unknown to free to in use, without a reload', async () => {
    const { page, troubles } = await openPage(browser, `${system.httpUrl}/?site=hengkang`, phone)
    const port = page.locator('[data-port="hengkang-shed1-p01"]')
    await page.locator('[data-port]').nth(35).waitFor()
    expect(await page.locator('[data-port]').count()).toBe(36)
    expect(await port.getAttribute('data-face')).toBe('unknown')
    await say('available', 'idle')
    await page.locator('[data-port="hengkang-shed1-p01"][data-face="free"]').waitFor()
    await say('occupied', 'charging')
    await page.locator('[data-port="hengkang-shed1-p01"][data-face="busy"]').waitFor()
    expect(await port.innerText()).toContain('充电中')
    await screenshot(page, 'residents-phone-zh')
    expect(troubles).toEqual([])
  })

  test('without JavaScript the counts and the ports are there, too', async () => {
    const context = await browser.newContext({ ...phone, javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(`${system.httpUrl}/?site=hengkang&lang=en`)
    expect(await page.locator('[data-port]').count()).toBe(36)
    expect(await page.locator('[data-port="hengkang-shed1-p01"]').getAttribute('data-face')).toBe('busy')
    await context.close()
  })

  test('an engineer signs in and watches a burst main become one work order, and acknowledges it', async () => {
    const { name, password } = await system.signIn()
    const { page, troubles } = await openPage(browser, `${system.httpUrl}/ops`, desk)
    await page.fill('input[name=name]', name)
    await page.fill('input[name=password]', password)
    await page.keyboard.press('Enter')
    await page.locator('[data-point]').nth(20).waitFor()
    expect(await page.locator('[data-point]').count(), '20 buildings and their station').toBe(21)

    const order = page.locator('[data-order][data-severity="P1"]')
    await order.waitFor({ timeout: 120_000 })
    expect(await order.innerText()).toContain('恒康家园换热站')
    await page.locator('[data-point="hengkang-station"][data-state="low-low"]').waitFor({ timeout: 60_000 })
    await screenshot(page, 'ops-desk-zh-burst')
    await page.locator('[data-point="hengkang-b14"]').click()
    await page.locator('canvas').first().waitFor()
    await screenshot(page, 'ops-desk-zh-building')
    await page.keyboard.press('Escape')

    expect(await order.locator('[data-clock="acknowledge"]').innerText()).toMatch(/^\d\d:\d\d 前受理/)
    await order.locator('[data-action="acknowledge"]').click()
    await page.locator('[data-order][data-state="acknowledged"]').waitFor()
    expect(await order.locator('[data-clock]').first().getAttribute('data-clock')).toBe('on-site')
    const { orders } = await system.api('/api/v1/work-orders?site=hengkang', answers.orders)
    expect(orders.map(({ rule, root, state }) => ({ rule, root, state }))).toEqual([
      { rule: 'H01', root: 'hengkang-station', state: 'acknowledged' },
    ])
    expect(orders[0]?.affected).toHaveLength(20)
    expect(await order.innerText(), 'the valve of one branch, and whom it cuts off').toContain('关阀将停供')
    await order.locator('[data-action="assign"]').click()
    await order.locator('select[name="assignee"]').selectOption(name)
    await page.keyboard.press('Escape')
    await order.locator('summary').click()
    await order.locator('textarea').fill('3号支线阀门在雪下，已清理')
    await order.locator('.adding button').click()
    await order.locator('.comment').waitFor()
    const photo = { name: 'IMG_0001.JPG', mimeType: 'image/jpeg', buffer: jpeg }
    await order.locator('input[type="file"]').setInputFiles(photo)
    await order.locator('.photos img').waitFor()
    const width = () =>
      order
        .locator('.photos img')
        .evaluate((image) => (image instanceof HTMLImageElement ? image.naturalWidth : 0))
    await expect.poll(width, { message: 'the browser can show what was kept' }).toBe(16)
    expect(await order.locator('.happened').innerText()).toContain('添加了照片')
    await screenshot(page, 'ops-desk-zh-notes')
    const kept = await until('the readings around the burst, kept with its order', async () => {
      const evidence = `/api/v1/work-orders/${orders[0]?.id}/evidence`
      const { moments } = await system.api(evidence, answers.evidence)
      return moments.flatMap(({ series }) => series).find(({ signal }) => signal === 'p_ret_kpa')
    })
    expect(kept).toMatchObject({ device: 'hengkang-station-heat' })
    expect(troubles.filter((trouble) => !trouble.includes('401'))).toEqual([])
  })

  test('on a phone, in English, the engineer has everything as well', async () => {
    const { cookie } = await system.signIn()
    const context = await browser.newContext({ ...phone, locale: 'en-US' })
    const [name = '', value = ''] = cookie.split('=')
    await context.addCookies([{ name, value, url: system.httpUrl }])
    const page = await context.newPage()
    await page.goto(`${system.httpUrl}/ops?lang=en`)
    await page.locator('[data-order]').first().waitFor()
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    await screenshot(page, 'ops-phone-en')
    expect(overflow, 'nothing sticks out sideways').toBeLessThanOrEqual(0)
    await context.close()
  })

  test('the page says what the API says: every port that is simulated is known', async () => {
    const ports = await until('the first reports of all simulated ports', async () => {
      const now = await system.api('/api/v1/sites/hengkang/chargers', answers.chargers)
      const simulated = now.ports.filter(({ shed }) => shed !== 'hengkang-shed1')
      return simulated.every(({ availability }) => availability !== 'unknown') ? simulated : undefined
    })
    expect(ports).toHaveLength(24)
  })
})

function simulate(system: RunningSystem, credentialsFile: string): ChildProcess {
  const scenario = join(system.dataDir, 'burst-at-once.json')
  const burst = { t: 5, target: 'hengkang-b14', fault: 'burst', params: { m3h: 40 } }
  writeFileSync(scenario, JSON.stringify({ name: 'burst-at-once', about: 'a main bursts', faults: [burst] }))
  return spawn(
    process.execPath,
    [
      ...['device-sim/cli.ts', '--fleet', 'demo', '--scenario', scenario, '--broker', system.mqttUrl],
      ...['--credentials', credentialsFile, '--without', charger],
    ],
    { stdio: 'ignore' },
  )
}
