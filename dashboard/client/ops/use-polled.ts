import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { LiveEstate } from './live-estate.ts'
import type { Answer, Failure } from './rest.ts'

/** What is read again and again. A reading that fails leaves the one before on the screen and says so. */
export type Polled<Value> =
  | { state: 'loading' }
  | { state: 'ready'; value: Value; trouble?: Failure }
  | { state: 'failed'; failure: Failure }

const pauseMs = 5_000
/** An answer that is large or slow is asked for less often: this many times what it took. */
const pausePerEffort = 20

/** Reads every few seconds while the page is looked at. `question` tells one question from another: another one
 *  begins anew. `refresh` reads at once. */
export function usePolled<Value>(
  question: string,
  read: (abort: AbortSignal) => Promise<Answer<Value>>,
  live: LiveEstate,
): { polled: Polled<Value>; refresh: () => void } {
  const [polled, setPolled] = useState<Polled<Value>>({ state: 'loading' })
  const wake = useRef(() => {})
  useEffect(() => {
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const round = async () => {
      clearTimeout(timer)
      const beganMs = Date.now()
      if (document.visibilityState === 'visible') {
        const answer = await read(abort.signal)
        if (abort.signal.aborted) return
        if (!answer.ok && answer.failure.kind === 'unauthorized') return live.close()
        setPolled((was) => after(was, answer))
      }
      timer = setTimeout(() => void round(), Math.max(pauseMs, pausePerEffort * (Date.now() - beganMs)))
    }
    wake.current = () => void round()
    setPolled({ state: 'loading' })
    void round()
    const look = () => void round()
    document.addEventListener('visibilitychange', look)
    return () => {
      clearTimeout(timer)
      abort.abort()
      document.removeEventListener('visibilitychange', look)
    }
  }, [question])
  return { polled, refresh: useCallback(() => wake.current(), []) }
}

function after<Value>(was: Polled<Value>, answer: Answer<Value>): Polled<Value> {
  if (answer.ok) return { state: 'ready', value: answer.value }
  if (was.state === 'ready') return { ...was, trouble: answer.failure }
  return { state: 'failed', failure: answer.failure }
}
