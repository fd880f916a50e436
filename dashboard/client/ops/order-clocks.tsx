import type { ClockView, OrderView } from '../../protocol.ts'
import { serverNowMs } from '../server-clock.ts'
import { hourMinute, monthDay } from '../site-time.ts'
import { say } from './say.ts'

/** Until when what was promised and is still to do has to be done. What waits for somebody else has no such moment;
 *  the card says for whom instead. */
export function OrderClocks({ clocks }: Pick<OrderView, 'clocks'>) {
  const due = clocks.flatMap((clock) => dueOf(clock))
  if (due.length === 0) return null
  return (
    <ul class="clocks">
      {due.map(({ clock, dueAt }) => {
        const isLate = serverNowMs.value > dueAt
        return (
          <li key={clock} data-clock={clock} data-late={isLate}>
            {say(`due-${clock}`, { time: moment(dueAt) })} {isLate && <b>{say('late')}</b>}
          </li>
        )
      })}
    </ul>
  )
}

function dueOf({ clock, dueAt, stoppedAt }: ClockView): { clock: ClockView['clock']; dueAt: number }[] {
  return dueAt === undefined || stoppedAt !== undefined ? [] : [{ clock, dueAt }]
}

/** Without the day where it is today. */
function moment(atMs: number): string {
  const day = monthDay(atMs)
  return day === monthDay(serverNowMs.value) ? hourMinute(atMs) : `${day} ${hourMinute(atMs)}`
}
