import type { DeviceView } from '../../protocol.ts'
import type { HeatState } from './heat-point.ts'

/** A shape for each state, so that no state is told by colour alone. Path in a 16 × 16 box. */
const paths: Readonly<Record<HeatState | DeviceView['state'] | 'right', string>> = {
  normal: 'M8 3.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6zm0 2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z',
  low: 'M1.5 4h13L8 13.5z',
  'low-low': 'M1 1.5h14L8 9zM1 7.5h14L8 15z',
  high: 'M8 2.5 14.5 12h-13z',
  unknown: 'M2 7h3v2H2zM6.5 7h3v2h-3zM11 7h3v2h-3z',
  right: 'M13.6 3.2 15 4.7l-8.5 8.6L1 7.8l1.5-1.5 4 4z',
  online: 'M8 3.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6z',
  sleeping: 'M10.8 10.9A5.2 5.2 0 0 1 6.3 2.7a5.6 5.6 0 1 0 7 7.4 5 5 0 0 1-2.5.8z',
  silent: 'M3 3.5h3.5v9H3zM9.5 3.5H13v9H9.5z',
  lost: 'M4 2.5 8 6.4l4-3.9L13.5 4 9.6 8l3.9 4-1.5 1.5L8 9.6l-4 3.9L2.5 12l3.9-4-3.9-4z',
}

export function Mark({ state }: { state: keyof typeof paths }) {
  return (
    <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[state]} />
    </svg>
  )
}
