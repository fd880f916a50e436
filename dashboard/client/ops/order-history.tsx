import { inLanguage } from '../language.ts'
import { dayAndMinute } from '../site-time.ts'
import type { OrderDetail } from './order-rest.ts'
import { say } from './say.ts'
import { opsTexts, type OpsText } from './texts.ts'

type Entry = OrderDetail['history'][number]

/** Who did what, and what the machine found; the newest first. That it knew more in between is left out: what it
 *  knows now stands above. */
export function OrderHistory({ history }: { history: readonly Entry[] }) {
  const told = history.filter(({ type }) => type !== 'updated').toReversed()
  return (
    <section>
      <h4 class="notes-name">{say('order-history')}</h4>
      <ol class="happened">
        {told.map((entry) => (
          <li key={`${entry.atMs} ${entry.type} ${entry.who} ${entry.escalation?.level}`}>
            <time>{dayAndMinute(entry.atMs)}</time> {entry.who !== undefined && <b>{entry.who}</b>}{' '}
            {inWords(entry)}
            {entry.why !== undefined && <q>{entry.why}</q>}
          </li>
        ))}
      </ol>
    </section>
  )
}

function inWords({ type, pause, escalation, reason }: Entry): string {
  if (pause !== undefined) return say(`waits-${pause}`)
  if (escalation && reason) return `${say(`calls-${escalation.level}`)}: ${inLanguage(reason)}`
  const known = `happened-${type}`
  return isText(known) ? say(known) : type
}

function isText(key: string): key is OpsText {
  return Object.hasOwn(opsTexts.en, key)
}
