import { computed, signal } from '@preact/signals'

/** Ages are measured on the server's clock: a cheap phone's own may be wrong by hours. Each message of the
 *  server says its time; in between the browser's clock counts on. */

/** Epoch ms of the browser, moving once a second. */
export const browserMs = signal(Date.now())

const aheadMs = signal(0)

/** Epoch ms of the server, moving once a second. */
export const serverNowMs = computed(() => browserMs.value + aheadMs.value)

/** Call with the `serverMs` of a message at the moment it arrives. */
export function heardServerTime(serverMs: number): void {
  browserMs.value = Date.now()
  aheadMs.value = serverMs - browserMs.value
}

/** Timers sleep with the phone, so the clock is also set when the page comes back to sight. */
export function startTicking(): () => void {
  const tick = () => {
    browserMs.value = Date.now()
  }
  const timer = setInterval(tick, 1000)
  document.addEventListener('visibilitychange', tick)
  return () => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', tick)
  }
}
