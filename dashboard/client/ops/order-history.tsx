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
        {told.map(({ type, atMs, who, why }) => (
          <li key={`${atMs} ${type} ${who}`}>
            <time>{dayAndMinute(atMs)}</time> {who !== undefined && <b>{who}</b>} {inWords(type)}
            {why !== undefined && <q>{why}</q>}
          </li>
        ))}
      </ol>
    </section>
  )
}

/** An action has the word of its button. */
function inWords(type: string): string {
  const known = [`happened-${type}`, `do-${type}`].find(isText)
  return known === undefined ? type : say(known)
}

function isText(key: string): key is OpsText {
  return Object.hasOwn(opsTexts.en, key)
}
