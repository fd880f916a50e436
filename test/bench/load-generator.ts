import { EntranceConnection } from './entrance-connection.ts'
import { toGenerator, type FromGenerator, type ToGenerator } from './load-messages.ts'

/** The load, in a process of its own: started by `load.ts`, told over IPC what to offer.
 *
 *  A reading is one packet in one write, as devices send it, from one connection after the other. Three limits
 *  hold it back: the rate, the credit (`upTo`) that the benchmark extends as readings come out at the other
 *  end, and the window of unacknowledged messages of each connection. */
const countMs = 20
const paceMs = 1
/** Readings between two looks at the sockets. */
const burst = 64
/** Connections opened at a time: a broker's backlog is short. */
const openAtOnce = 20

let connections: EntranceConnection[] = []
let window = 1
let sent = 0
let acknowledged = 0
let next = 0
let offer = { ratePerS: 0, upTo: 0, fromMs: 0, sentBefore: 0 }
let pumping = false
let pubackMs: number[] = []
/** The message whose PUBACK is timed; one at a time is enough. */
let timed: { connection: EntranceConnection; id: number; atMs: number } | undefined

process.on('message', (raw) => void obey(toGenerator.parse(raw)))
process.on('disconnect', () => process.exit(0))
setInterval(count, countMs)
setInterval(pump, paceMs)

async function obey(told: ToGenerator): Promise<void> {
  if (told.type === 'open') return open(told)
  const { ratePerS, upTo } = told
  const rate = ratePerS ?? Number.POSITIVE_INFINITY
  const limit = upTo ?? Number.POSITIVE_INFINITY
  // A new credit does not start the rate anew.
  offer =
    rate === offer.ratePerS
      ? { ...offer, upTo: limit }
      : { ratePerS: rate, upTo: limit, fromMs: performance.now(), sentBefore: sent }
  pump()
}

async function open(told: Extract<ToGenerator, { type: 'open' }>): Promise<void> {
  window = told.window
  connections = told.entrances.map((entrance) => {
    const password = told.passwords[entrance.device]
    return new EntranceConnection({
      entrance,
      port: told.port,
      ...(password !== undefined && { credential: { username: entrance.device, password } }),
      onAcknowledged,
      onLost: (reason) => say({ type: 'lost', reason }),
    })
  })
  try {
    for (let at = 0; at < connections.length; at += openAtOnce)
      await Promise.all(connections.slice(at, at + openAtOnce).map((connection) => connection.start()))
    say({ type: 'opened' })
  } catch (cause) {
    say({ type: 'lost', reason: String(cause) })
  }
}

function onAcknowledged(connection: EntranceConnection, id: number): void {
  acknowledged++
  if (timed?.connection !== connection || timed.id !== id) return
  pubackMs.push(performance.now() - timed.atMs)
  timed = undefined
}

/** Sends what the limits allow now, with a look at the sockets after each burst. */
function pump(): void {
  if (pumping) return
  const due = Math.min(allowed(), sent + burst)
  const nowMs = Date.now()
  let full = 0
  while (sent < due && full < connections.length) {
    const connection = connections[next]
    next = (next + 1) % connections.length
    if (!connection || connection.unacknowledged >= window) full++
    else {
      publish(connection, nowMs)
      full = 0
    }
  }
  if (sent < due || sent >= allowed()) return
  pumping = true
  setImmediate(() => {
    pumping = false
    pump()
  })
}

function publish(connection: EntranceConnection, nowMs: number): void {
  const id = connection.publish(nowMs)
  sent++
  timed ??= { connection, id, atMs: performance.now() }
}

function allowed(): number {
  const { ratePerS, upTo, fromMs, sentBefore } = offer
  if (ratePerS === Number.POSITIVE_INFINITY) return upTo
  return Math.min(upTo, sentBefore + Math.floor(((performance.now() - fromMs) / 1000) * ratePerS))
}

function count(): void {
  say({ type: 'count', atMs: performance.timeOrigin + performance.now(), sent, acknowledged, pubackMs })
  pubackMs = []
}

function say(message: FromGenerator): void {
  process.send?.(message)
}
