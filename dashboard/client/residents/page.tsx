import type { PortView, ResidentSnapshot } from '../../protocol.ts'
import { inLanguage } from '../language.ts'
import { isBlind } from '../link.ts'
import { browserMs, serverNowMs } from '../server-clock.ts'
import { Head } from './head.tsx'
import { LineStatus } from './line-status.tsx'
import type { LiveSite } from './live-site.ts'
import { tallyOf, type Sight, type Tally } from './port-face.ts'
import { say } from './say.ts'
import { ShedCard } from './shed-card.tsx'

export function Page({ live }: { live: LiveSite }) {
  const snapshot = live.snapshot.value
  return (
    <div class="page">
      <Head live={live} />
      {snapshot ? (
        <>
          <LineStatus live={live} />
          <Ports live={live} snapshot={snapshot} />
        </>
      ) : (
        <Nothing live={live} />
      )}
      <footer class="foot">
        <p>{say('note')}</p>
      </footer>
    </div>
  )
}

function Ports({ live, snapshot }: { live: LiveSite; snapshot: ResidentSnapshot }) {
  const { sheds, ports } = snapshot
  const sight: Sight = { nowMs: serverNowMs.value, blind: isBlind(live.link.value, browserMs.value) }
  const byShed = inSheds(ports)
  if (ports.length === 0) return <p class="blank">{say('noPorts')}</p>
  return (
    <main class="main">
      <Overview snapshot={snapshot} byShed={byShed} sight={sight} />
      <div class="sheds">
        {sheds.map((shed) => (
          <ShedCard key={shed.id} shed={shed} ports={byShed.get(shed.id) ?? []} sight={sight} />
        ))}
      </div>
    </main>
  )
}

/** By hand: `Map.groupBy` is missing on phones older than 2023. */
function inSheds(ports: readonly PortView[]): ReadonlyMap<string, readonly PortView[]> {
  const byShed = new Map<string, PortView[]>()
  for (const port of ports) byShed.set(port.shed, [...(byShed.get(port.shed) ?? []), port])
  return byShed
}

interface OverviewOf {
  snapshot: ResidentSnapshot
  byShed: ReadonlyMap<string, readonly PortView[]>
  sight: Sight
}

function Overview({ snapshot: { sheds, ports }, byShed, sight }: OverviewOf) {
  const tally = tallyOf(ports, sight)
  return (
    <section class="overview">
      <p class="overview-free">
        <FreeCount className="overview-count" tally={tally} />
        {!isInTheDark(tally) && <span>{say('freeOf', { total: ports.length })}</span>}
        {tally.unknown > 0 && (
          <span class="overview-unknown">{say('unknownOf', { count: tally.unknown })}</span>
        )}
      </p>
      <nav class="jumps">
        {sheds.map(({ id, name }) => {
          const shedTally = tallyOf(byShed.get(id) ?? [], sight)
          return (
            <a key={id} class="jump" href={`#shed-${id}`}>
              <span class="jump-name">{inLanguage(name)}</span>
              <span class="jump-free">
                <FreeCount className="jump-count" tally={shedTally} />
                {say(isInTheDark(shedTally) ? 'unknown' : 'free')}
              </span>
            </a>
          )
        })}
      </nav>
    </section>
  )
}

/** None is known: then "0 free" would be a claim that nobody can make. */
function isInTheDark({ free, inUse, outOfOrder, unknown }: Tally): boolean {
  return unknown > 0 && free + inUse + outOfOrder === 0
}

function FreeCount({ tally, className }: { tally: Tally; className: string }) {
  const dark = isInTheDark(tally)
  return (
    <b class={className} data-none={dark || tally.free === 0 ? '' : undefined}>
      {dark ? '?' : tally.free}
    </b>
  )
}

function Nothing({ live }: { live: LiveSite }) {
  return live.isChoosing.value ? <SiteList live={live} /> : <Blank live={live} />
}

function SiteList({ live }: { live: LiveSite }) {
  return (
    <main class="main">
      <ul class="jumps">
        {live.sites.value.map(({ id, name }) => (
          <li key={id}>
            <a
              class="jump"
              href={`?site=${id}`}
              onClick={(event) => {
                event.preventDefault()
                live.watch(id)
              }}
            >
              {inLanguage(name)}
            </a>
          </li>
        ))}
      </ul>
    </main>
  )
}

const patienceMs = 8000

function Blank({ live }: { live: LiveSite }) {
  const link = live.link.value
  const waited = link.state !== 'live' && browserMs.value - link.sinceMs > patienceMs
  if (!waited) {
    return (
      <div class="blank" role="status">
        <p>{say('loading')}</p>
      </div>
    )
  }
  return (
    <div class="blank" role="alert">
      <p>{say('unreachable')}</p>
      <button class="blank-retry" type="button" onClick={() => location.reload()}>
        {say('retry')}
      </button>
    </div>
  )
}
