import { render } from 'preact'
import { startLanguage } from './language.ts'
import { LiveEstate } from './ops/live-estate.ts'
import { Page } from './ops/page.tsx'
import { startTheme } from './ops/theme.ts'
import { startView } from './ops/view.ts'
import { startTicking } from './server-clock.ts'

/** The engineers' page: an empty shell until the server lets the browser in. */
const app = document.querySelector('#app')
if (app) {
  startLanguage()
  startTheme()
  startTicking()
  startView()
  const live = new LiveEstate()
  render(<Page live={live} />, app)
  live.start()
}
