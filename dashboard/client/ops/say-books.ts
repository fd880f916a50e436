import type { Replayed } from './book-rest.ts'
import type { Failure } from './rest.ts'
import { say } from './say.ts'
import { opsTexts, type OpsText } from './texts.ts'

/** What the books say, in words. */
export function sayReplayed({ finished, ...counts }: Replayed): string {
  const done = say('replay-done', counts)
  return finished ? done : `${done} ${say('replay-goes-on')}`
}

/** A reason that this page does not know yet is called by its own name. */
export function sayReason(reason: string): string {
  const key = `reason-${reason}`
  return isText(key) ? say(key) : reason
}

export function sayTrouble(failure: Failure): string {
  switch (failure.kind) {
    case 'unauthorized':
      return say('act-unauthorized')
    case 'limited':
      return say('login-limited')
    case 'unreachable':
      return say('act-unreachable')
    case 'refused':
      return failure.detail
  }
}

function isText(key: string): key is OpsText {
  return key in opsTexts.en
}
