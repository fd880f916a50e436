import type { Ref } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { pauseReasons } from '../../../estate/service-words.ts'
import type { OrderAction } from '../../../estate/work-order.ts'
import type { OrderView } from '../../protocol.ts'
import type { LiveEstate } from './live-estate.ts'
import { readColleagues } from './order-rest.ts'
import { actOnOrder, type Failure } from './rest.ts'
import { say } from './say.ts'
import { sayTrouble } from './say-trouble.ts'

/** Nothing is shown as done before the server says so over the live line: an order that looks acknowledged on
 *  one screen only is worse than a second of waiting. */
type Doing =
  | { step: 'choosing' }
  | { step: 'asking'; action: AskingAction }
  | { step: 'sent'; action: OrderAction }
  | { step: 'failed'; failure: Failure }

/** What the server wants to know with an action, by its name in the body. */
const questions = { assign: 'assignee', pause: 'pause', reopen: 'why', cancel: 'why' } as const
type AskingAction = keyof typeof questions

export function OrderActions({ order, live }: { order: OrderView; live: LiveEstate }) {
  const [doing, setDoing] = useState<Doing>({ step: 'choosing' })
  useEffect(() => setDoing({ step: 'choosing' }), [order.state, order.assignee, order.pause?.since])

  async function act(action: OrderAction, body: Readonly<Record<string, string>> = {}) {
    setDoing({ step: 'sent', action })
    const answer = await actOnOrder(order.id, action, body)
    if (answer.ok) return
    setDoing({ step: 'failed', failure: answer.failure })
    if (answer.failure.kind === 'unauthorized') live.close()
  }

  if (doing.step === 'asking') {
    return (
      <Question
        action={doing.action}
        onAnswer={(answer) => void act(doing.action, { [questions[doing.action]]: answer })}
        onBack={() => setDoing({ step: 'choosing' })}
      />
    )
  }
  const next = order.actions.find((action) => !isAside(action, order))
  return (
    <div class="order-actions">
      {order.actions.map((action) => (
        <button
          key={action}
          class="button"
          type="button"
          data-action={action}
          data-weight={action === 'cancel' ? 'quiet' : action === next ? 'primary' : 'plain'}
          disabled={doing.step === 'sent'}
          onClick={() => (isAsking(action) ? setDoing({ step: 'asking', action }) : void act(action))}
        >
          {say(`do-${action}`)}
        </button>
      ))}
      {doing.step === 'sent' && <Sent />}
      {doing.step === 'failed' && (
        <p class="trouble" role="alert">
          {sayFailure(doing.failure)}
        </p>
      )}
    </div>
  )
}

function Sent() {
  return (
    <p class="sent" role="status">
      {say('sent')}
    </p>
  )
}

interface QuestionOf {
  action: AskingAction
  onAnswer: (answer: string) => void
  onBack: () => void
}

function Question({ action, onAnswer, onBack }: QuestionOf) {
  const input = useRef<HTMLInputElement & HTMLSelectElement>(null)
  useEffect(() => input.current?.focus(), [])
  return (
    <form
      class="question"
      onSubmit={(event) => {
        event.preventDefault()
        const answer = input.current?.value.trim()
        if (answer) onAnswer(answer)
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onBack()
      }}
    >
      <label class="field">
        <span>{say(`ask-${action}`)}</span>
        {action === 'assign' ? (
          <Colleagues chosen={input} />
        ) : action === 'pause' ? (
          <select ref={input} name="pause">
            {pauseReasons.map((reason) => (
              <option key={reason} value={reason}>
                {say(`waits-${reason}`)}
              </option>
            ))}
          </select>
        ) : (
          <input ref={input} name={questions[action]} required maxLength={200} />
        )}
      </label>
      <button class="button" data-weight="primary" type="submit">
        {say(`do-${action}`)}
      </button>
      <button class="button" data-weight="quiet" type="button" onClick={onBack}>
        {say('ask-back')}
      </button>
    </form>
  )
}

function Colleagues({ chosen }: { chosen: Ref<HTMLSelectElement> }) {
  const [names, setNames] = useState<readonly string[]>([])
  useEffect(() => void readColleagues().then((answer) => answer.ok && setNames(answer.value)), [])
  return (
    <select ref={chosen} name="assignee" required>
      {names.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  )
}

/** What may be done again and brings an order no further. */
function isAside(action: OrderAction, { assignee }: OrderView): boolean {
  return action === 'pause' || (action === 'assign' && assignee !== undefined)
}

function isAsking(action: OrderAction): action is AskingAction {
  return action in questions
}

function sayFailure(failure: Failure): string {
  return failure.kind === 'refused' ? say('act-refused', { detail: failure.detail }) : sayTrouble(failure)
}
