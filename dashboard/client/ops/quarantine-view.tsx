import { useState } from 'preact/hooks'
import { serverNowMs } from '../server-clock.ts'
import { BookFrame } from './book-frame.tsx'
import { readMayAct, readQuarantine, replay, type Quarantine } from './book-rest.ts'
import { ConfirmedButton } from './confirmed-button.tsx'
import { bytesFigure, figure } from './figures.ts'
import type { LiveEstate } from './live-estate.ts'
import { QuarantineGroup } from './quarantine-group.tsx'
import { say } from './say.ts'
import { sayReason, sayReplayed } from './say-books.ts'
import { usePolled } from './use-polled.ts'
import { addressOf } from './view.ts'

/** What was refused, by kind of mistake, and what to do about it. */
const groupsAtATime = 40

interface Dated {
  value: Quarantine
  readMs: number
}

export function QuarantineView({ live, device }: { live: LiveEstate; device: string | undefined }) {
  const read = async (abort: AbortSignal) => {
    const answer = await readQuarantine(device, abort)
    return answer.ok
      ? { ok: true as const, value: { value: answer.value, readMs: serverNowMs.peek() } }
      : answer
  }
  const { polled, refresh } = usePolled<Dated>(`quarantine ${device ?? ''}`, read, live)
  const { polled: role } = usePolled('role', readMayAct, live)
  const mayAct = role.state === 'ready' && role.value
  return (
    <main class="floor books">
      <section class="panel" aria-labelledby="quarantine-name">
        <h2 class="panel-name" id="quarantine-name">
          {say('quarantine')}
        </h2>
        <p class="hint">{say('quarantine-hint')}</p>
        {device !== undefined && (
          <p class="only">
            {say('only-device', { device })} <a href={addressOf({ name: 'quarantine' })}>{say('show-all')}</a>
          </p>
        )}
        <BookFrame polled={polled} ageMs={({ readMs }) => serverNowMs.value - readMs}>
          {({ value }) => (
            <>
              <Fullness {...value.fullness} />
              {role.state === 'ready' && !role.value && <p class="hint">{say('may-not-act')}</p>}
              <Groups items={value.items} device={device} mayAct={mayAct} onDone={refresh} />
            </>
          )}
        </BookFrame>
      </section>
    </main>
  )
}

function Fullness({ groups, bytes, letGo, bounds }: Quarantine['fullness']) {
  return (
    <ul class="fullness">
      <li>{say('fullness-groups', { count: figure(groups), limit: figure(bounds.groups) })}</li>
      <li>{say('fullness-bytes', { bytes: bytesFigure(bytes), limit: bytesFigure(bounds.rawBytes) })}</li>
      {letGo > 0 && <li data-full="">{say('fullness-let-go', { count: figure(letGo) })}</li>}
      {groups >= bounds.groups && <li data-full="">{say('fullness-full')}</li>}
    </ul>
  )
}

interface GroupsOf {
  items: Quarantine['items']
  device: string | undefined
  mayAct: boolean
  onDone: () => void
}

function Groups({ items, device, mayAct, onDone }: GroupsOf) {
  const [reason, setReason] = useState<string>()
  const [limit, setLimit] = useState(groupsAtATime)
  const reasons = [...new Set(items.map((item) => item.reason))].sort()
  const wanted = reason === undefined ? items : items.filter((item) => item.reason === reason)
  const hidden = Math.max(0, wanted.length - limit)
  const kept = wanted.reduce((sum, item) => sum + item.kept, 0)
  const selection = { ...(device !== undefined && { device }), ...(reason !== undefined && { reason }) }
  return (
    <>
      <div class="chips" role="group" aria-labelledby="quarantine-name">
        {[undefined, ...reasons].map((one) => (
          <button
            key={one ?? ''}
            class="chip"
            type="button"
            aria-pressed={reason === one}
            onClick={() => setReason(one)}
          >
            {one === undefined ? say('reason-all') : sayReason(one)}{' '}
            <b>
              {figure(one === undefined ? items.length : items.filter((item) => item.reason === one).length)}
            </b>
          </button>
        ))}
      </div>
      {mayAct && (
        <ConfirmedButton
          name={say(device === undefined ? 'replay-all' : 'replay-device')}
          question={say('replay-ask', { count: figure(kept) })}
          act={() => replay(selection)}
          outcome={sayReplayed}
          onDone={onDone}
          action="replay-all"
          disabled={kept === 0}
        />
      )}
      {wanted.length === 0 && (
        <p class="nothing">{say(device === undefined ? 'quarantine-none' : 'quarantine-no-match')}</p>
      )}
      <ul class="groups">
        {wanted.slice(0, limit).map((group) => (
          <QuarantineGroup key={group.id} group={group} mayAct={mayAct} onDone={onDone} />
        ))}
      </ul>
      {hidden > 0 && (
        <button class="more" type="button" onClick={() => setLimit(limit + groupsAtATime)}>
          {say('more', { count: hidden })}
        </button>
      )}
    </>
  )
}
