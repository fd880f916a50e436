import type { Failure } from './rest.ts'
import { say } from './say.ts'

/** Why something asked of the server was not done. */
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
