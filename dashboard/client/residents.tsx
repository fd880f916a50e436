import { render } from 'preact'
import type { ResidentSnapshot } from '../protocol.ts'
import { startLanguage } from './language.ts'
import { recall } from './preference.ts'
import { LiveSite } from './residents/live-site.ts'
import { Page } from './residents/page.tsx'
import { startTicking } from './server-clock.ts'

/** The residents' page takes over what the server painted: same words, same tree, and from then on alive. */
const app = document.querySelector('#app')
if (app) {
  startLanguage()
  startTicking()
  const live = new LiveSite()
  const embedded = embeddedSnapshot()
  const preferred = recall('site')
  if (embedded && (preferred === undefined || preferred === embedded.site.id)) live.embed(embedded)
  render(<Page live={live} />, app)
  void live.start(preferred)
}

/** Written by the server of this very build into this very page, so it is taken as it is. */
function embeddedSnapshot(): ResidentSnapshot | undefined {
  const text = document.querySelector('script#snapshot')?.textContent
  if (!text) return undefined
  const snapshot: ResidentSnapshot | null = JSON.parse(text)
  return snapshot ?? undefined
}
