import type { Replayed } from './book-rest.ts'
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

function isText(key: string): key is OpsText {
  return key in opsTexts.en
}
