/** What the page knows of its line to the server. It says nothing of the devices: a live line may still carry
 *  old readings, so ages are judged apart. Times are epoch ms of the browser. */
export type Link =
  /** Never connected since the page was opened. */
  | { state: 'connecting'; sinceMs: number }
  | { state: 'live'; sinceMs: number }
  | { state: 'lost'; sinceMs: number }

export type LinkEvent = 'snapshot' | 'broken'

/** Only a snapshot makes the line live: a socket that is open but has not told its state yet proves nothing. */
export function followLink(was: Link, event: LinkEvent, nowMs: number): Link {
  switch (event) {
    case 'snapshot':
      return was.state === 'live' ? was : { state: 'live', sinceMs: nowMs }
    case 'broken':
      return was.state === 'live' ? { state: 'lost', sinceMs: nowMs } : was
  }
}

/** After so long without a line nothing on the screen is believed any more. */
export const blindAfterMs = 2 * 60_000

export function isBlind(link: Link, nowMs: number): boolean {
  return link.state !== 'live' && nowMs - link.sinceMs > blindAfterMs
}
