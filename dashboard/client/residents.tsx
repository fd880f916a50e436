import { effect } from '@preact/signals'
import { render } from 'preact'
import type { ResidentSnapshot } from '../protocol.ts'
import { inLanguage, startLanguage } from './language.ts'
import { recall } from './preference.ts'
import { LiveSite } from './residents/live-site.ts'
import { Page } from './residents/page.tsx'
import { say } from './residents/say.ts'
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
  const show = () => render(<Page live={live} />, app)
  // What the server painted without a snapshot (a list of estates) stays until as much is known here.
  if (embedded || app.childElementCount === 0) show()
  void live.start(preferred).then(show)
  effect(() => {
    const site = live.snapshot.value?.site
    document.title = site ? `${say('title')} · ${inLanguage(site.name)}` : say('title')
  })
}

/** Written by the server of this very build into this very page, so it is taken as it is. */
function embeddedSnapshot(): ResidentSnapshot | undefined {
  const text = document.querySelector('script#snapshot')?.textContent
  if (!text) return undefined
  const snapshot: ResidentSnapshot | null = JSON.parse(text)
  return snapshot ?? undefined
}
