import { computed } from '@preact/signals'
import { isBlind, type Link } from '../link.ts'
import { browserMs } from '../server-clock.ts'
import { hourMinuteSecond } from '../site-time.ts'
import type { LiveEstate } from './live-estate.ts'
import { say } from './say.ts'

/** How long the page may look for its line before it says that there is none, ms. */
const patienceMs = 5000

type Mood = 'live' | 'connecting' | 'lost' | 'blind'

export function LineStatus({ live }: { live: LiveEstate }) {
  const link = live.link.value
  const mood = computed(() => moodOf(link, browserMs.value)).value
  const time = hourMinuteSecond(live.snapshot.value?.serverMs ?? link.sinceMs)
  return (
    <p class="line" data-line={mood} role="status">
      <span class="line-dot" aria-hidden="true" />
      {mood === 'live' || mood === 'connecting' ? say(mood) : say(mood, { time })}
    </p>
  )
}

function moodOf(link: Link, nowMs: number): Mood {
  if (link.state === 'live') return 'live'
  if (isBlind(link, nowMs)) return 'blind'
  return nowMs - link.sinceMs < patienceMs ? 'connecting' : 'lost'
}
