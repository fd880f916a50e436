import type { ComponentChildren } from 'preact'
import { say, sayAge } from './say.ts'
import { sayTrouble } from './say-trouble.ts'
import type { Polled } from './use-polled.ts'

/** What stands where a view of the books stands: loading, failed, or the thing itself with its age. */
export function BookFrame<Value>({
  polled,
  ageMs,
  children,
}: {
  polled: Polled<Value>
  /** How old the value is. */
  ageMs: (value: Value) => number
  children: (value: Value) => ComponentChildren
}) {
  switch (polled.state) {
    case 'loading':
      return (
        <p class="nothing" role="status">
          {say('books-loading')}
        </p>
      )
    case 'failed':
      return (
        <p class="trouble" role="alert">
          {say('books-failed', { detail: sayTrouble(polled.failure) })}
        </p>
      )
    case 'ready': {
      const age = sayAge(ageMs(polled.value))
      return (
        <>
          {polled.trouble && (
            <p class="trouble" role="alert">
              {say('books-stale', { detail: sayTrouble(polled.trouble), age })}
            </p>
          )}
          {children(polled.value)}
          <p class="hint books-age">{say('books-age', { age })}</p>
        </>
      )
    }
  }
}
