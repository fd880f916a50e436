import { useRef, useState } from 'preact/hooks'
import { serverNowMs } from '../server-clock.ts'
import { BookFrame } from './book-frame.tsx'
import { readLedger, type Ledger } from './book-rest.ts'
import { figure } from './figures.ts'
import { firstPage, wishFor } from './ledger-rows.ts'
import { LedgerTable } from './ledger-table.tsx'
import type { LiveEstate } from './live-estate.ts'
import { Mark } from './mark.tsx'
import { say, sayAge } from './say.ts'
import { usePolled, type Polled } from './use-polled.ts'

/** What became of every message: one sum that adds up, and the same for every device. */
export function LedgerView({ live }: { live: LiveEstate }) {
  const [place, setPlace] = useState(firstPage)
  const wish = wishFor(place)
  const asked = usePolled(JSON.stringify(wish), (abort) => readLedger(wish, abort), live)
  const polled = useHeld(asked.polled)
  return (
    <main class="floor books">
      <section class="panel" aria-labelledby="ledger-name">
        <h2 class="panel-name" id="ledger-name">
          {say('ledger')}
        </h2>
        <p class="hint">{say('ledger-hint')}</p>
        <BookFrame polled={polled} ageMs={({ atMs }) => serverNowMs.value - atMs}>
          {(ledger) => (
            <>
              <Equation ledger={ledger} />
              <Verdict ledger={ledger} />
              <Counts ledger={ledger} />
            </>
          )}
        </BookFrame>
      </section>
      {polled.state === 'ready' && (
        <LedgerTable
          ledger={polled.value}
          place={place}
          onPlace={setPlace}
          isBusy={asked.polled.state === 'loading'}
        />
      )}
    </main>
  )
}

/** While another page is being read the one before stays on the screen: the sum is the same, and nothing flickers. */
function useHeld(polled: Polled<Ledger>): Polled<Ledger> {
  const held = useRef(polled)
  if (polled.state !== 'loading') held.current = polled
  return held.current
}

const terms = ['stored', 'quarantined', 'duplicate', 'pending'] as const

function Equation({ ledger: { total } }: { ledger: Ledger }) {
  return (
    <div class="equation" role="img" aria-label={say('equation-says', spoken(total))}>
      <Term name="accepted" count={total.accepted} />
      {terms.map((term, index) => (
        <>
          <span class="operator" key={`before ${term}`}>
            {index === 0 ? '=' : '+'}
          </span>
          <Term key={term} name={term} count={total[term]} />
        </>
      ))}
    </div>
  )
}

function Term({ name, count }: { name: (typeof terms)[number] | 'accepted'; count: number }) {
  return (
    <span class="term" data-term={name} data-none={count === 0 ? '' : undefined}>
      <b>{figure(count)}</b>
      <span>{say(name)}</span>
    </span>
  )
}

function spoken({ accepted, stored, quarantined, duplicate, pending }: Ledger['total']) {
  return { accepted, stored, quarantined, duplicate, pending }
}

function Verdict({ ledger: { imbalance, uncounted, checked } }: { ledger: Ledger }) {
  const verdict = imbalance === 0 ? 'right' : 'out'
  return (
    <p class="verdict" data-verdict={verdict} role="status">
      <Mark state={imbalance === 0 ? 'right' : 'lost'} />
      <b>{imbalance === 0 ? say('ledger-right') : say('ledger-out', { count: figure(imbalance) })}</b>
      {checked && (
        <span>
          {say('ledger-checked', {
            count: figure(checked.devices),
            age: sayAge(serverNowMs.value - checked.sinceMs),
          })}
        </span>
      )}
      {uncounted > 0 && <span>{say('ledger-counting', { count: figure(uncounted) })}</span>}
    </p>
  )
}

function Counts({ ledger: { total } }: { ledger: Ledger }) {
  const { readings, repeated, missing, filled, givenUp, reboots, wraps, regresses, clones } = total
  const gaps = { known: missing + filled, filled, missing, givenUp }
  return (
    <dl class="book-counts">
      <Count name={say('readings')}>
        {say('readings-value', { stored: figure(readings), repeated: figure(repeated) })}
      </Count>
      <Count name={say('gaps')}>{say('gaps-value', gaps)}</Count>
      <Count name={say('numbering')}>{say('numbering-value', { reboots, wraps, regresses, clones })}</Count>
      <Count name={say('door-refused')}>{figure(total.refused)}</Count>
      {total.unreadable > 0 && <Count name={say('unreadable')}>{figure(total.unreadable)}</Count>}
      <Count name={say('wills')}>{figure(total.wills)}</Count>
    </dl>
  )
}

function Count({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
