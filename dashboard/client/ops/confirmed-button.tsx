import { useEffect, useRef, useState } from 'preact/hooks'
import type { Answer, Failure } from './rest.ts'
import { say } from './say.ts'
import { sayTrouble } from './say-trouble.ts'

/** A deed that is asked about before it is done, and says afterwards what came of it. */
type Doing =
  | { step: 'resting' }
  | { step: 'asking' }
  | { step: 'sent' }
  | { step: 'done'; said: string }
  | { step: 'failed'; failure: Failure }

interface Deed<Value> {
  /** On the button. */
  name: string
  question: string
  act: () => Promise<Answer<Value>>
  /** What came of it, in words. */
  outcome: (value: Value) => string
  onDone: () => void
  action: string
  disabled?: boolean
}

export function ConfirmedButton<Value>({
  name,
  question,
  act,
  outcome,
  onDone,
  action,
  disabled,
}: Deed<Value>) {
  const [doing, setDoing] = useState<Doing>({ step: 'resting' })

  async function confirmed() {
    setDoing({ step: 'sent' })
    const answer = await act()
    setDoing(
      answer.ok ? { step: 'done', said: outcome(answer.value) } : { step: 'failed', failure: answer.failure },
    )
    if (answer.ok) onDone()
  }

  if (doing.step === 'asking') {
    return (
      <Question
        question={question}
        action={action}
        onYes={() => void confirmed()}
        onBack={() => setDoing({ step: 'resting' })}
      />
    )
  }
  return (
    <div class="deed">
      <button
        class="button"
        type="button"
        data-action={action}
        disabled={disabled === true || doing.step === 'sent'}
        onClick={() => setDoing({ step: 'asking' })}
      >
        {name}
      </button>
      {doing.step === 'sent' && <p role="status">{say('act-busy')}</p>}
      {doing.step === 'done' && (
        <p class="done" role="status" data-done={action}>
          {doing.said}
        </p>
      )}
      {doing.step === 'failed' && (
        <p class="trouble" role="alert">
          {say('act-refused', { detail: sayTrouble(doing.failure) })}
        </p>
      )}
    </div>
  )
}

interface QuestionOf {
  question: string
  action: string
  onYes: () => void
  onBack: () => void
}

function Question({ question, action, onYes, onBack }: QuestionOf) {
  const yes = useRef<HTMLButtonElement>(null)
  useEffect(() => yes.current?.focus(), [])
  return (
    <div
      class="question"
      role="group"
      aria-label={question}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onBack()
      }}
    >
      <p>{question}</p>
      <button
        ref={yes}
        class="button"
        data-weight="primary"
        type="button"
        data-confirm={action}
        onClick={onYes}
      >
        {say('act-yes')}
      </button>
      <button class="button" data-weight="quiet" type="button" onClick={onBack}>
        {say('ask-back')}
      </button>
    </div>
  )
}
