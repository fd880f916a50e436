import { useEffect, useState } from 'preact/hooks'
import { serverNowMs } from '../server-clock.ts'
import { dayAndMinute } from '../site-time.ts'
import { discard, readGroup, replay, type Group, type Raw } from './book-rest.ts'
import { ConfirmedButton } from './confirmed-button.tsx'
import { bytesFigure, figure } from './figures.ts'
import type { Answer } from './rest.ts'
import { say, sayAge } from './say.ts'
import { sayReason, sayReplayed } from './say-books.ts'
import { sayTrouble } from './say-trouble.ts'
import type { OpsText } from './texts.ts'
import { addressOf } from './view.ts'

/** Stands for every place, in a group that takes what found no room. */
const anyPlace = '*'

interface GroupOf {
  group: Group
  mayAct: boolean
  onDone: () => void
}

export function QuarantineGroup({ group, mayAct, onDone }: GroupOf) {
  const [isOpen, setOpen] = useState(false)
  const { id, device, reason, path, count, kept, firstSeen, lastSeen } = group
  // What the log lost has no time.
  const ago = (atMs: number) => (atMs === 0 ? say('not-said') : sayAge(serverNowMs.value - atMs))
  return (
    <li class="group" data-group={id} data-reason={reason}>
      <h3 class="group-name">
        <span class="reason">{sayReason(reason)}</span> <code>{sayPlace(path)}</code>
        <b class="badge">{say('times', { count: figure(count) })}</b>
      </h3>
      <p class="group-line">
        <a href={addressOf({ name: 'quarantine', device })}>
          <code>{device}</code>
        </a>
        <time>{say('seen-between', { first: ago(firstSeen), last: ago(lastSeen) })}</time>
        <span>{say('kept-raws', { count: figure(kept) })}</span>
      </p>
      <Facts group={group} />
      <div class="group-actions">
        <button class="button" type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {say(isOpen ? 'group-close' : 'group-open')}
        </button>
        {mayAct && (
          <>
            <ConfirmedButton
              name={say('replay-group')}
              question={say('replay-ask', { count: figure(kept) })}
              act={() => replay({ id })}
              outcome={sayReplayed}
              onDone={onDone}
              action="replay"
              disabled={kept === 0}
            />
            <ConfirmedButton
              name={say('discard-group')}
              question={say('discard-ask', { count: figure(kept) })}
              act={() => discard(id)}
              outcome={() => say('discard-done')}
              onDone={onDone}
              action="discard"
            />
          </>
        )}
      </div>
      {isOpen && <Raws id={id} count={count} />}
    </li>
  )
}

function Facts({ group: { topic, expected, got, contract, firmware } }: { group: Group }) {
  const facts: [OpsText, string][] = [
    ['expected', expected],
    ['got', got],
    ['contract', contract],
    ['firmware', firmware],
    ['topic', topic === anyPlace ? '' : topic],
  ]
  return (
    <dl class="group-facts">
      {facts.map(([name, value]) => (
        <div key={name} data-fact={name}>
          <dt>{say(name)}</dt>
          <dd>
            {value === '' ? (
              <i>{say(topic === anyPlace && name === 'topic' ? 'place-any' : 'not-said')}</i>
            ) : (
              <code>{value}</code>
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** Read when the group is opened, and again when more has come. */
function Raws({ id, count }: { id: number; count: number }) {
  const [answer, setAnswer] = useState<Answer<{ raws: Raw[] }>>()
  const [form, setForm] = useState<'as-text' | 'as-hex'>('as-text')
  useEffect(() => {
    const abort = new AbortController()
    void readGroup(id, abort.signal).then((read) => {
      if (!abort.signal.aborted) setAnswer(read)
    })
    return () => abort.abort()
  }, [id, count])
  if (!answer) return <p class="nothing">{say('books-loading')}</p>
  if (!answer.ok) return <p class="trouble">{say('books-failed', { detail: sayTrouble(answer.failure) })}</p>
  if (answer.value.raws.length === 0) return <p class="nothing">{say('raws-none')}</p>
  return (
    <div class="raws">
      <div class="chips">
        {(['as-text', 'as-hex'] as const).map((one) => (
          <button
            key={one}
            class="chip"
            type="button"
            aria-pressed={form === one}
            onClick={() => setForm(one)}
          >
            {say(one)}
          </button>
        ))}
      </div>
      <ol>
        {answer.value.raws.map((raw) => (
          <li key={raw.position} class="raw">
            <p class="hint">
              {say('raw-says', {
                time: dayAndMinute(raw.receivedMs),
                bytes: bytesFigure(raw.bytes),
                publisher: raw.publisher,
              })}
            </p>
            <pre tabIndex={0}>{form === 'as-hex' ? raw.hex : (raw.text ?? say('raw-not-text'))}</pre>
          </li>
        ))}
      </ol>
    </div>
  )
}

function sayPlace(path: string): string {
  if (path === anyPlace) return say('place-any')
  return path === '' ? say('place-whole') : path
}
