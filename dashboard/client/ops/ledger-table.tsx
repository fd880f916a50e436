import { useState } from 'preact/hooks'
import type { DeviceLine } from './book-rest.ts'
import { figure } from './figures.ts'
import {
  arrangeLines,
  columns,
  concerns,
  concernsOf,
  countConcerns,
  pressed,
  type Column,
  type Concern,
  type LedgerWish,
  type Order,
} from './ledger-rows.ts'
import { Mark } from './mark.tsx'
import { say } from './say.ts'
import type { OpsText } from './texts.ts'
import { addressOf } from './view.ts'

/* On a phone the rows are laid out as cards, and a browser then forgets that they are a table: hence the roles. */

/** Rows drawn at a time: a district has thousands, and nobody reads them all. */
const rowsAtATime = 100

const headText: Readonly<Record<Column, OpsText>> = {
  device: 'col-device',
  accepted: 'accepted',
  stored: 'stored',
  quarantined: 'quarantined',
  duplicate: 'duplicate',
  pending: 'pending',
  missing: 'col-missing',
  filled: 'col-filled',
  refused: 'col-refused',
}

export function LedgerTable({ lines }: { lines: readonly DeviceLine[] }) {
  const [wish, setWish] = useState<LedgerWish>({ name: '', concern: undefined, order: undefined })
  const [limit, setLimit] = useState(rowsAtATime)
  const wanted = arrangeLines(lines, wish)
  const hidden = Math.max(0, wanted.length - limit)
  return (
    <section class="panel" aria-labelledby="ledger-devices-name">
      <h2 class="panel-name" id="ledger-devices-name">
        {say('ledger-devices')} <b class="badge">{figure(lines.length)}</b>
      </h2>
      <Wishes lines={lines} wish={wish} onWish={setWish} />
      {wanted.length === 0 ? (
        <p class="nothing">{say(lines.length === 0 ? 'ledger-none' : 'ledger-no-match')}</p>
      ) : (
        <table class="ledger" role="table" aria-labelledby="ledger-devices-name">
          <Head order={wish.order} onPress={(by) => setWish({ ...wish, order: pressed(wish.order, by) })} />
          <tbody role="rowgroup">
            {wanted.slice(0, limit).map((line) => (
              <Row key={line.device} line={line} />
            ))}
          </tbody>
        </table>
      )}
      {hidden > 0 && (
        <button class="more" type="button" onClick={() => setLimit(limit + rowsAtATime)}>
          {say('more', { count: hidden })}
        </button>
      )}
    </section>
  )
}

interface WishesOf {
  lines: readonly DeviceLine[]
  wish: LedgerWish
  onWish: (wish: LedgerWish) => void
}

function Wishes({ lines, wish, onWish }: WishesOf) {
  const counts = countConcerns(lines)
  const chip = (concern: Concern | undefined) => (
    <button
      key={concern ?? 'all'}
      class="chip"
      type="button"
      aria-pressed={wish.concern === concern}
      onClick={() => onWish({ ...wish, concern })}
    >
      {say(`concern-${concern ?? 'all'}`)} {concern && <b>{figure(counts[concern])}</b>}
    </button>
  )
  return (
    <div class="wishes">
      <input
        class="find"
        type="search"
        name="device"
        aria-label={say('find-device')}
        placeholder={say('find-device')}
        value={wish.name}
        onInput={(event) => onWish({ ...wish, name: event.currentTarget.value.trim() })}
      />
      <div class="chips" role="group" aria-labelledby="ledger-devices-name">
        {chip(undefined)}
        {concerns.filter((concern) => counts[concern] > 0 || wish.concern === concern).map(chip)}
      </div>
    </div>
  )
}

function Head({ order, onPress }: { order: Order; onPress: (by: Column) => void }) {
  return (
    <thead role="rowgroup">
      <tr role="row">
        {columns.map((column) => (
          <th
            key={column}
            scope="col"
            role="columnheader"
            data-column={column}
            aria-sort={order?.by === column ? order.direction : undefined}
          >
            <button class="sort" type="button" onClick={() => onPress(column)}>
              {say(headText[column])}
            </button>
          </th>
        ))}
        <th scope="col" role="columnheader">
          {say('col-sum')}
        </th>
      </tr>
    </thead>
  )
}

function Row({ line }: { line: DeviceLine }) {
  const { device, difference, clones, regresses } = line
  const troubled = concernsOf(line)
  return (
    <tr role="row" data-ledger={device} data-concern={troubled[0]}>
      <th scope="row" role="rowheader">
        <a href={addressOf({ name: 'watch', device })} title={say('see-device', { device })}>
          <code>{device}</code>
        </a>
      </th>
      {columns.slice(1).map((column) => (
        <Cell key={column} column={column} line={line} />
      ))}
      <td class="check" role="cell" data-name={say('col-sum')}>
        <Mark state={difference === 0 ? 'right' : 'lost'} />{' '}
        {difference === 0 ? say('sum-right') : say('sum-out', { count: difference })}
        {clones > 0 && <small>{say('clones', { count: clones })}</small>}
        {regresses > 0 && <small>{say('regresses', { count: regresses })}</small>}
      </td>
    </tr>
  )
}

function Cell({ column, line }: { column: Column; line: DeviceLine }) {
  const count = column === 'device' ? 0 : line[column]
  const { device } = line
  const attributes = { role: 'cell' as const, 'data-column': column, 'data-name': say(headText[column]) }
  if (column !== 'quarantined' || count === 0)
    return (
      <td {...attributes} data-none={count === 0 ? '' : undefined}>
        {figure(count)}
      </td>
    )
  return (
    <td {...attributes}>
      <a
        href={addressOf({ name: 'quarantine', device })}
        aria-label={say('see-quarantine', { device, count })}
      >
        {figure(count)}
      </a>
    </td>
  )
}
