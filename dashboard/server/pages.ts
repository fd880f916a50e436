import { join } from 'node:path'
import express, { type Request, type Router } from 'express'
import { portsOf } from '../view/ports.ts'
import type { Sources } from '../view/sources.ts'
import { ClientFiles, notBuilt } from './client-files.ts'
import { html } from './html.ts'
import { page } from './page.ts'
import { sitePage, sitesPage, type Language } from './resident-page.ts'
import { residentSnapshot } from './resident-rooms.ts'

/** The two pages people open, and the files they load. */
export function pages({ clientDir, sources }: { clientDir: string; sources: () => Sources }): Router {
  const router = express.Router()
  const client = new ClientFiles(clientDir)
  // A file's name holds the hash of its content: under one name there is one content, for ever.
  const assets = express.static(join(clientDir, 'assets'), { immutable: true, maxAge: '1y', index: false })
  router.use('/assets', assets)
  router.get('/', (request, response) => {
    const { status, page } = residents(request, { client, sources: sources() })
    response.status(status).set('Cache-Control', 'no-store').vary('Accept-Language').type('html').send(page)
  })
  router.get('/ops', (_request, response) => {
    const tags = client.tags('ops.html')
    const body = html`${notBuilt(tags)}
      <div id="app"></div>
      <noscript><p>This page needs JavaScript. 本页需要 JavaScript。</p></noscript>`
    response
      .set('Cache-Control', 'no-store')
      .type('html')
      .send(page({ language: 'zh-CN', theme: 'dark', title: 'Estate Pulse', tags, body }))
  })
  return router
}

/** The site asked for, or the only one there is; else the list to choose from. */
function residents(
  request: Request,
  { client, sources }: { client: ClientFiles; sources: Sources },
): { status: number; page: string } {
  const language = languageOf(request)
  const tags = client.tags('residents.html')
  const sites = sources.registry.sites.map(({ id, name }) => ({ id, name }))
  const { site: asked } = request.query
  const only = sites.length === 1 ? sites[0]?.id : undefined
  const site = typeof asked === 'string' ? asked : only
  const snapshot =
    site === undefined
      ? undefined
      : residentSnapshot(site, { sources, seq: 0, ports: portsOf(site, sources) })
  if (snapshot) return { status: 200, page: sitePage(snapshot, { language, sites, tags }) }
  return { status: site === undefined ? 200 : 404, page: sitesPage({ sites, language, tags }) }
}

/** Chinese unless English is asked for. */
function languageOf(request: Request): Language {
  const { lang } = request.query
  if (typeof lang === 'string') return lang.startsWith('en') ? 'en' : 'zh-CN'
  return request.acceptsLanguages('zh', 'zh-CN', 'en') === 'en' ? 'en' : 'zh-CN'
}
