import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { chargerSaying, name, orderAt, smallEstate, startMs } from '../view/small-estate.fixture.ts'
import { RunningDashboard } from './running-dashboard.fixture.ts'

let dashboard: RunningDashboard
afterEach(() => dashboard.stop())

async function textOf(path: string, headers: Record<string, string> = {}): Promise<string> {
  return (await dashboard.ask(path, { headers })).text()
}

function embedded(page: string) {
  const json = /<script type="application\/json" id="snapshot">(.*?)<\/script>/s.exec(page)?.[1] ?? ''
  return z
    .object({ site: z.object({ name: z.object({ en: z.string() }) }), ports: z.array(z.unknown()) })
    .parse(JSON.parse(json))
}

describe('the first paint for residents', () => {
  it('is complete without a script: words, shapes, ages and the order that explains a fault', async () => {
    dashboard = await new RunningDashboard().start()
    const port = { avail: 'available', phase: 'idle' }
    dashboard.live.hear(chargerSaying({ p01: port, p02: port }, { t: startMs - 120_000 }))
    dashboard.orders.put(orderAt('port-2'))
    const page = await textOf('/')
    for (const text of ['橡树园', '一号车棚', '空闲', '2分钟前', '故障', '20261123-0001'])
      expect(page).toContain(text)
    expect(page.match(/<svg class="shape"/g)).toHaveLength(2 + 4)
    expect(embedded(page).ports).toHaveLength(2)
  })

  it.each([
    ['Chinese unless asked', '/', {}, 'zh-CN'],
    ['English by the address', '/?lang=en', {}, 'en'],
    ['English by the browser', '/', { 'accept-language': 'en-GB,en;q=0.9' }, 'en'],
    ['Chinese by the browser, before English', '/', { 'accept-language': 'zh-CN,en;q=0.9' }, 'zh-CN'],
    ['the address counts for more', '/?lang=zh', { 'accept-language': 'en' }, 'zh-CN'],
  ])('%s', async (_name, path, headers, language) => {
    dashboard = await new RunningDashboard().start()
    expect(await textOf(path, headers)).toContain(`<html lang="${language}"`)
  })

  it('with several sites it is the list, and ?site= chooses', async () => {
    const sites = [...smallEstate.sites, { id: 'elm', name: name('Elm') }]
    dashboard = await new RunningDashboard({ ...smallEstate, sites }).start()
    expect(await textOf('/?lang=en')).toMatch(/Oak Court.*Elm/s)
    expect(embedded(await textOf('/?site=elm')).site.name.en).toBe('Elm')
    expect((await dashboard.ask('/?site=nowhere')).status).toBe(404)
  })

  it('where nothing is known it does not say "none free"', async () => {
    dashboard = await new RunningDashboard().start()
    const page = await textOf('/?lang=en')
    expect(page).toMatch(/<b class="overview-count" data-none="">\?</)
    expect(page).toContain('2 unknown')
  })

  it('a name that is markup is shown as text and cannot end the data block', async () => {
    const evil = '</script><script>alert(1)</script>'
    const sites = [{ id: 'oak', name: name(evil) }]
    dashboard = await new RunningDashboard({ ...smallEstate, sites }).start()
    const page = await textOf('/')
    expect(page).not.toContain('<script>alert')
    expect(page).toContain('&lt;/script&gt;&lt;script&gt;alert(1)')
    expect(embedded(page).site.name.en).toBe(evil)
    expect(await textOf('/?site="><script>alert(2)</script>')).not.toContain('<script>alert')
  })
})

describe('scripts and styles', () => {
  it('are those of the Vite manifest, and may be kept for ever', async () => {
    dashboard = new RunningDashboard()
    const { clientDir } = dashboard.deps.config
    mkdirSync(join(clientDir, '.vite'))
    mkdirSync(join(clientDir, 'assets'))
    writeFileSync(join(clientDir, 'assets', 'residents-1.js'), 'void 0')
    const manifest = {
      'residents.html': {
        file: 'assets/residents-1.js',
        css: ['assets/residents-1.css'],
        imports: ['_shared.js'],
      },
      '_shared.js': { file: 'assets/shared-1.js', css: ['assets/shared-1.css'] },
      'ops.html': { file: 'assets/ops-1.js' },
    }
    writeFileSync(join(clientDir, '.vite', 'manifest.json'), JSON.stringify(manifest))
    await dashboard.start()
    const page = await textOf('/')
    for (const file of ['residents-1.js', 'residents-1.css', 'shared-1.js', 'shared-1.css']) {
      expect(page).toContain(`"/assets/${file}"`)
    }
    expect(page).not.toContain('npm run build')
    expect(await textOf('/ops')).toContain('src="/assets/ops-1.js"')
    const asset = await dashboard.ask('/assets/residents-1.js')
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect((await dashboard.ask('/assets/residents-2.js')).status).toBe(404)
  })

  it('when they are not built, the pages say what to do', async () => {
    dashboard = await new RunningDashboard().start()
    for (const path of ['/', '/ops']) expect(await textOf(path)).toContain('npm run build')
  })

  it('may only be our own', async () => {
    dashboard = await new RunningDashboard().start()
    const policy = (await dashboard.ask('/')).headers.get('content-security-policy')
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toContain('upgrade-insecure-requests')
  })
})
