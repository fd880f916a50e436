import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { pathOf } from './programs.ts'

/** A real Chromium, headless, that asks nobody but our own server. */

const artifacts = join(import.meta.dirname, '../artifacts')

export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: pathOf('chromium') ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

export const phone = { viewport: { width: 390, height: 844 }, locale: 'zh-CN' }
export const desk = { viewport: { width: 1440, height: 900 }, locale: 'zh-CN' }

/** A page whose script errors are collected in `troubles`: a test ends by looking at them. */
export async function openPage(
  browser: Browser,
  url: string,
  device: typeof phone,
): Promise<{ page: Page; troubles: string[] }> {
  const page = await (await browser.newContext(device)).newPage()
  const troubles: string[] = []
  page.on('pageerror', (error) => troubles.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(message.text())
  })
  await page.goto(url)
  return { page, troubles }
}

/** Kept in test/artifacts, to be looked at. */
export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(artifacts, { recursive: true })
  await page.screenshot({ path: join(artifacts, `${name}.png`), fullPage: true })
}
