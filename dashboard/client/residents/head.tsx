import type { SiteView } from '../../protocol.ts'
import { inLanguage, language, speak } from '../language.ts'
import type { LiveSite } from './live-site.ts'
import { say } from './say.ts'

export function Head({ live }: { live: LiveSite }) {
  const site = live.snapshot.value?.site
  return (
    <>
      <header class="head">
        <div class="head-names">
          <p class="head-title">{say('title')}</p>
          <h1 class="head-site">
            {live.isChoosing.value ? say('chooseFirst') : site ? inLanguage(site.name) : '…'}
          </h1>
        </div>
        <LanguageSwitch />
      </header>
      {live.sites.value.length > 1 && !live.isChoosing.value && (
        <SiteChoice
          sites={live.sites.value}
          chosen={site?.id}
          onChoose={(id) => {
            live.watch(id)
          }}
        />
      )}
    </>
  )
}

/** A link, so that it also works before the script is there. */
function LanguageSwitch() {
  const other = language.value === 'en' ? 'zh-CN' : 'en'
  return (
    <a
      class="head-language"
      href={`?lang=${other}`}
      lang={other}
      hreflang={other}
      onClick={(event) => {
        event.preventDefault()
        speak(other)
      }}
    >
      {say('switchLanguage')}
    </a>
  )
}

interface Choice {
  sites: readonly SiteView[]
  chosen: string | undefined
  onChoose: (site: string) => void
}

function SiteChoice({ sites, chosen, onChoose }: Choice) {
  return (
    <form class="choice" method="get">
      <label class="choice-label" for="site">
        {say('choose')}
      </label>
      <select
        class="choice-list"
        id="site"
        name="site"
        value={chosen}
        onChange={(event) => {
          onChoose(event.currentTarget.value)
        }}
      >
        {sites.map(({ id, name }) => (
          <option key={id} value={id}>
            {inLanguage(name)}
          </option>
        ))}
      </select>
    </form>
  )
}
