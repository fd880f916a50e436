import { computed } from '@preact/signals'
import { isBlind, type Link } from '../link.ts'
import { browserMs, serverNowMs } from '../server-clock.ts'
import { hourMinute } from '../site-time.ts'
import type { LiveSite } from './live-site.ts'
import { say, sayAge } from './say.ts'

/** Says whether the page is live. A short wait is no news: the warning comes after `patienceMs`. */
const patienceMs = 5000

export function LineStatus({ live }: { live: LiveSite }) {
  const link = live.link.value
  const mood = computed(() => moodOf(link, browserMs.value)).value
  return (
    <p class="line" data-line={mood} role="status">
      <span class="line-dot" aria-hidden="true" />
      <span>
        {mood === 'live' && say('live')}
        {mood === 'connecting' && say('connecting')}
        {(mood === 'lost' || mood === 'blind') && say(mood, { time: lastSight(live) })}
      </span>
      {mood === 'live' && <Newest live={live} />}
    </p>
  )
}

type Mood = 'live' | 'connecting' | 'lost' | 'blind'

function moodOf(link: Link, nowMs: number): Mood {
  if (link.state === 'live') return 'live'
  if (isBlind(link, nowMs)) return 'blind'
  return nowMs - link.sinceMs < patienceMs ? 'connecting' : 'lost'
}

function lastSight(live: LiveSite): string {
  return hourMinute(live.snapshot.value?.serverMs ?? live.link.value.sinceMs)
}

/** Outside the live region of a screen reader: it changes every second. */
function Newest({ live }: { live: LiveSite }) {
  const newest = Math.max(...(live.snapshot.value?.ports ?? []).map(({ t }) => t ?? -Infinity))
  if (!Number.isFinite(newest)) return null
  return <span aria-live="off">{say('newest', { age: sayAge(serverNowMs.value - newest) })}</span>
}
