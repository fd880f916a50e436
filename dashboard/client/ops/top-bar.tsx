import type { OpsSnapshot, SiteView } from '../../protocol.ts'
import { inLanguage } from '../language.ts'
import { serverNowMs } from '../server-clock.ts'
import { hourMinuteSecond } from '../site-time.ts'
import { countStates, heatStates, type Sight } from './heat-point.ts'
import { LineStatus } from './line-status.tsx'
import type { LiveEstate } from './live-estate.ts'
import { Mark } from './mark.tsx'
import { LanguageButton, ThemeButton } from './page-buttons.tsx'
import { logOut } from './rest.ts'
import { say } from './say.ts'
import { view } from './view.ts'
import { ViewNav } from './view-nav.tsx'

export interface SiteChoice {
  site: string | undefined
  choose: (site: string) => void
}

interface Bar extends SiteChoice {
  live: LiveEstate
  snapshot: OpsSnapshot
  sight: Sight
}

export function TopBar({ live, snapshot, sight, site, choose }: Bar) {
  return (
    <header class="top">
      <h1 class="brand">Estate Pulse</h1>
      <ViewNav />
      {view.value.name === 'watch' && (
        <>
          <SiteName sites={snapshot.sites} site={site} choose={choose} />
          <StateCounts snapshot={snapshot} sight={sight} site={site} />
        </>
      )}
      <LineStatus live={live} />
      <div class="top-end">
        <time class="wall-clock">{hourMinuteSecond(serverNowMs.value)}</time>
        <LanguageButton />
        <ThemeButton />
        <button class="button" data-weight="quiet" type="button" onClick={() => void leave(live)}>
          {say('logOut')}
        </button>
      </div>
    </header>
  )
}

async function leave(live: LiveEstate): Promise<void> {
  const answer = await logOut()
  if (answer.ok || answer.failure.kind === 'unauthorized') live.close()
}

function SiteName({ sites, site, choose }: SiteChoice & { sites: readonly SiteView[] }) {
  const [only] = sites
  if (sites.length < 2) return <p class="site-name">{only ? inLanguage(only.name) : ''}</p>
  return (
    <select
      class="site-name"
      aria-label={say('site')}
      value={site}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      {sites.map(({ id, name }) => (
        <option key={id} value={id}>
          {inLanguage(name)}
        </option>
      ))}
    </select>
  )
}

/** How the heating of the chosen site stands, in five numbers. */
function StateCounts({ snapshot, sight, site }: Pick<Bar, 'snapshot' | 'sight' | 'site'>) {
  const counts = countStates(
    snapshot.heat.filter((point) => point.site === site),
    sight,
  )
  return (
    <ul class="counts">
      {heatStates.map((state) => (
        <li key={state} class="count" data-state={state} data-none={counts[state] === 0 ? '' : undefined}>
          <Mark state={state} />
          <b>{counts[state]}</b>
          <span>{say(`heat-${state}`)}</span>
        </li>
      ))}
    </ul>
  )
}
