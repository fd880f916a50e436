import type { DeviceLine, Ledger } from './book-rest.ts'
import { figure } from './figures.ts'
import {
  columns,
  concerns,
  firstPage,
  pageAfter,
  pageBefore,
  worstConcern,
  type Column,
  type Concern,
  type Place,
} from './ledger-rows.ts'
import { Mark } from './mark.tsx'
import { say } from './say.ts'
import type { OpsText } from './texts.ts'
import { addressOf } from './view.ts'

/* On a phone the rows are laid out as cards, and a browser then forgets that they are a table: hence the roles. */

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

interface TableOf {
  ledger: Ledger
  place: Place
  onPlace: (place: Place) => void
  /** What is shown is still the answer to what was asked before. */
  isBusy: boolean
}

export function LedgerTable({ ledger, place, onPlace, isBusy }: TableOf) {
  const { devices, checked, total } = ledger
  const none = total.accepted + total.refused === 0
  return (
    <section class="panel" aria-labelledby="ledger-devices-name" aria-busy={isBusy}>
      <h2 class="panel-name" id="ledger-devices-name">
        {say('ledger-devices')} {checked && <b class="badge">{figure(checked.devices)}</b>}
      </h2>
      <Wishes counts={ledger.concerns} place={place} onPlace={onPlace} />
      {devices.length === 0 ? (
        <p class="nothing">{say(none ? 'ledger-none' : 'ledger-no-match')}</p>
      ) : (
        <table class="ledger" role="table" aria-labelledby="ledger-devices-name">
          <Head />
          <tbody role="rowgroup">
            {devices.map((line) => (
              <Row key={line.device} line={line} />
            ))}
          </tbody>
        </table>
      )}
      <Pages next={ledger.next} place={place} onPlace={onPlace} />
    </section>
  )
}

type WishesOf = Pick<TableOf, 'place' | 'onPlace'> & { counts: Ledger['concerns'] }

function Wishes({ counts, place, onPlace }: WishesOf) {
  const chip = (concern: Concern | undefined) => (
    <button
      key={concern ?? 'all'}
      class="chip"
      type="button"
      aria-pressed={place.concern === concern}
      onClick={() => onPlace({ ...firstPage, name: place.name, concern })}
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
        maxLength={64}
        value={place.name}
        onInput={(event) => onPlace({ ...place, name: event.currentTarget.value.trim(), cursors: [] })}
      />
      <div class="chips" role="group" aria-labelledby="ledger-devices-name">
        {chip(undefined)}
        {concerns.filter((concern) => counts[concern] > 0 || place.concern === concern).map(chip)}
      </div>
    </div>
  )
}

function Pages({ next, place, onPlace }: Pick<TableOf, 'place' | 'onPlace'> & { next: string | undefined }) {
  const isFirst = place.cursors.length === 0
  /** A page is read from its top; the buttons are at its end. */
  const turnTo = (page: Place) => {
    document.getElementById('ledger-devices-name')?.scrollIntoView()
    onPlace(page)
  }
  if (isFirst && next === undefined) return null
  return (
    <nav class="pages" aria-label={say('pages')}>
      <button class="button" type="button" disabled={isFirst} onClick={() => turnTo(pageBefore(place))}>
        {say('page-before')}
      </button>
      <span>{say('page-number', { count: place.cursors.length + 1 })}</span>
      <button
        class="button"
        type="button"
        disabled={next === undefined}
        onClick={() => next !== undefined && turnTo(pageAfter(place, next))}
      >
        {say('page-after')}
      </button>
    </nav>
  )
}

function Head() {
  return (
    <thead role="rowgroup">
      <tr role="row">
        {columns.map((column) => (
          <th key={column} scope="col" role="columnheader" data-column={column}>
            {say(headText[column])}
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
  return (
    <tr role="row" data-ledger={device} data-concern={worstConcern(line)}>
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
