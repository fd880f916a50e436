import { useEffect, useRef, useState } from 'preact/hooks'
import type { OrderView } from '../../protocol.ts'
import { dayAndMinute } from '../site-time.ts'
import type { LiveEstate } from './live-estate.ts'
import { OrderHistory } from './order-history.tsx'
import { addComment, addPhoto, photoPath, readOrder, type OrderDetail } from './order-rest.ts'
import type { Answer, Failure } from './rest.ts'
import { say } from './say.ts'
import { sayTrouble } from './say-trouble.ts'

/** What every browser shows. An iPhone, asked for one of these, makes a JPEG of its HEIC by itself. */
const shownEverywhere = 'image/jpeg,image/png,image/webp'

/** What people wrote and photographed, and what happened; folded up until somebody wants it. It is read when it is
 *  opened, and again when the live line says that the order has changed. */
export function OrderNotes({ order, live }: { order: OrderView; live: LiveEstate }) {
  const [isOpen, setOpen] = useState(false)
  const { commentCount: comments, photoCount: photos } = order
  return (
    <details class="notes" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {say('notes')} {comments + photos > 0 && <span>{say('notes-count', { comments, photos })}</span>}
      </summary>
      {isOpen && <Notes order={order} live={live} />}
    </details>
  )
}

function Notes({ order, live }: { order: OrderView; live: LiveEstate }) {
  const [detail, setDetail] = useState<OrderDetail>()
  const [trouble, setTrouble] = useState<Failure>()
  function take(answer: Answer<OrderDetail>) {
    setTrouble(answer.ok ? undefined : answer.failure)
    if (answer.ok) setDetail(answer.value)
    else if (answer.failure.kind === 'unauthorized') live.close()
  }
  useEffect(() => {
    const abort = new AbortController()
    void readOrder(order.id, abort.signal).then((answer) => {
      if (!abort.signal.aborted) take(answer)
    })
    return () => abort.abort()
  }, [order])
  return (
    <div class="notes-body">
      {detail ? <Written detail={detail} /> : !trouble && <p class="sent">{say('notes-loading')}</p>}
      <Adding order={order.id} onAnswer={take} />
      {trouble && (
        <p class="trouble" role="alert">
          {sayTrouble(trouble)}
        </p>
      )}
      {detail && <OrderHistory history={detail.history} />}
    </div>
  )
}

function Written({ detail }: { detail: OrderDetail }) {
  const all = [detail, ...detail.parts].filter(({ comments, photos }) => comments.length + photos.length > 0)
  if (all.length === 0) return <p class="sent">{say('notes-none')}</p>
  return all.map(({ id, comments, photos }) => (
    <section key={id}>
      {id !== detail.id && <p class="sent">{say('note-of-part', { id })}</p>}
      <ol class="comments">
        {comments.map(({ atMs, who, text }) => (
          <li key={`${atMs} ${text}`}>
            <p class="order-line">
              <b>{who}</b> <time>{dayAndMinute(atMs)}</time>
            </p>
            <p class="comment">{text}</p>
          </li>
        ))}
      </ol>
      <ul class="photos">
        {photos.map(({ id: photo, atMs, who, widthPx, heightPx }) => (
          <li key={photo}>
            <a href={photoPath(id, photo)} target="_blank" rel="noreferrer">
              <img
                src={photoPath(id, photo)}
                alt={say('note-photo-of', { who, time: dayAndMinute(atMs) })}
                width={widthPx}
                height={heightPx}
                loading="lazy"
              />
            </a>
          </li>
        ))}
      </ul>
    </section>
  ))
}

function Adding({ order, onAnswer }: { order: string; onAnswer: (answer: Answer<OrderDetail>) => void }) {
  const text = useRef<HTMLTextAreaElement>(null)
  const [isSending, setSending] = useState(false)
  async function sendAll(things: readonly (() => Promise<Answer<OrderDetail>>)[]): Promise<boolean> {
    setSending(true)
    let isGood = true
    for (const sendOne of things) {
      const answer = await sendOne()
      onAnswer(answer)
      isGood = answer.ok
      if (!isGood) break
    }
    setSending(false)
    return isGood
  }
  async function write() {
    const written = text.current?.value.trim()
    if (!written) return
    const isTaken = await sendAll([() => addComment(order, written)])
    if (isTaken && text.current) text.current.value = ''
  }
  return (
    <form
      class="adding"
      onSubmit={(event) => {
        event.preventDefault()
        void write()
      }}
    >
      <label class="field">
        <span>{say('note-text')}</span>
        <textarea ref={text} name="text" rows={2} maxLength={2_000} />
      </label>
      <button class="button" type="submit" disabled={isSending}>
        {say('note-send')}
      </button>
      <label class="button" data-weight="quiet">
        {say('note-photo')}
        <input
          class="unseen"
          type="file"
          name="photo"
          accept={shownEverywhere}
          multiple
          disabled={isSending}
          onChange={(event) => {
            const input = event.currentTarget
            const files = [...(input.files ?? [])]
            void sendAll(files.map((file) => () => addPhoto(order, file))).then(() => (input.value = ''))
          }}
        />
      </label>
      {isSending && (
        <p class="sent" role="status">
          {say('note-sending')}
        </p>
      )}
    </form>
  )
}
