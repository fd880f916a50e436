import type { Client } from 'aedes'
import { z } from 'zod'
import type { Principal } from '../estate/principal.ts'
import { publishFrame, type PublishFrame } from './publish-frame.ts'

/** The short way from a device's socket to the intake log.
 *
 *  Nearly everything that comes is a PUBLISH at QoS 1 that nobody but the log wants. Through aedes it costs
 *  several times what it costs to keep it (a parser that joins and splits buffers, a chain of callbacks, a
 *  packet object, an emitter that looks for listeners). So these packets are picked out of what a socket
 *  delivered, and one write acknowledges all that came together. Whatever else comes, aedes gets, from there to
 *  the end of what was delivered, and after those PUBACKs: the order of a connection's messages and PUBACKs stays
 *  [MQTT-4.6.0-2], and where aedes ends the connection, none of them is lost.
 *
 *  A device is not read from while what it said before is on its way to disk; so a slow disk, or a log that
 *  holds back, slows the devices and not the memory of the broker. aedes would read on at every second word of
 *  the socket that more has come.
 *
 *  Where the log refuses a message, those before it are acknowledged as soon as they are on disk, nothing after
 *  it is heard, and the connection ends: a device brings again only what was not kept.
 *
 *  This leans on private names of aedes 1.2 and mqtt-packet 9 (`reading` below), which the lock file pins and
 *  the tests of the broker prove: the parser is between two packets when nothing is in its list; `_parsingBatch`
 *  counts what must be done before more is read, and `_nextBatch` says that one of it is, and reads after the
 *  last. */

interface Reading {
  _parser: { parse(bytes: Buffer): number; _list: { length: number }; _stateCounter: number }
  _parsingBatch: number
  _nextBatch(): void
  _keepaliveTimer: { refresh(): void } | null
  waitForDrain(done: (error: Error | null) => void): void
}

const reading = z.custom<Client & Reading>(
  (value) =>
    z
      .object({
        _parser: z.object({
          parse: z.function(),
          _list: z.object({ length: z.number() }),
          _stateCounter: z.number(),
        }),
        _parsingBatch: z.number(),
        _nextBatch: z.function(),
        waitForDrain: z.function(),
      })
      .safeParse(value).success,
)

/** On disk, or with the reason why not. */
export type Settle = (error: Error | undefined) => void

/** A device with a connection. */
export interface Speaker {
  principal: Extract<Principal, { type: 'device' }>
  /** Topics that it may publish -> the device that each names. */
  topics: Map<string, string>
}

/** What the lane asks of the broker. */
export interface LaneOwner {
  /** Nothing for a connection whose messages are not for the lane. */
  speaker(client: Client): Speaker | undefined
  /** Takes a message, if it is one for the lane; `settle` is called once: within this call only if it is refused
   *  there and then, otherwise in the order of the messages, when it is on disk or cannot be kept. */
  take(speaker: Speaker, frame: PublishFrame, settle: Settle): boolean
  /** Has a message that is on disk and acknowledged heard by whom it may concern. */
  handOn(frame: PublishFrame): void
  /** So many were not kept; their connection ends. */
  notKept(count: number): void
}

const puback = 0x40
const pubackBytes = 4
const nothing = Buffer.alloc(0)

export class PublishLane {
  readonly #client: Client & Reading
  readonly #owner: LaneOwner
  readonly #maxBytes: number
  #speaker: Speaker | undefined
  /** The beginning of a packet whose end has not come yet. */
  #part: Buffer | undefined
  /** A message was refused: nothing more is heard. */
  #refused = false

  private constructor(client: Client, owner: LaneOwner, maxBytes: number) {
    this.#client = reading.parse(client)
    this.#owner = owner
    this.#maxBytes = maxBytes
  }

  /** To be called right after `broker.handle(socket)`, before the first byte is read. */
  static open(client: Client, owner: LaneOwner, maxBytes: number): void {
    const lane = new PublishLane(client, owner, maxBytes)
    const { _parser: parser, conn } = lane.#client
    conn.removeAllListeners('readable')
    conn.on('readable', () => lane.#moreCame())
    const parse = parser.parse.bind(parser)
    parser.parse = (bytes) => {
      const rest = lane.#read(bytes)
      return rest.length > 0 ? parse(rest) : 0
    }
  }

  /** What a device said before comes first; whatever ends last, reads. */
  #moreCame(): void {
    if (this.#speaker && this.#client._parsingBatch > 0) return
    this.#client._nextBatch()
  }

  /** Takes what is for the lane and returns the rest. */
  #read(came: Buffer): Buffer {
    const client = this.#client
    if (this.#refused) return nothing
    const { _list, _stateCounter } = client._parser
    if (!client.connected || client.closed || _list.length > 0 || _stateCounter > 0) return came
    const speaker = (this.#speaker ??= this.#owner.speaker(client))
    if (!speaker) return came
    const bytes = this.#part ? Buffer.concat([this.#part, came]) : came
    this.#part = undefined
    const chunk = new Chunk((done) => this.#settled(done))
    let at = 0
    while (at < bytes.length && !chunk.error) {
      const frame = publishFrame(bytes, at, this.#maxBytes)
      if (frame === 'part') {
        this.#part = bytes.subarray(at)
        at = bytes.length
      } else if (frame !== 'other' && this.#owner.take(speaker, frame, chunk.settle)) {
        if (!chunk.error) chunk.add(frame)
        at = frame.end
      } else break
    }
    this.#refused = chunk.error !== undefined
    const rest = bytes.subarray(at)
    if (chunk.size === 0 && !this.#refused) return rest
    this.#hold()
    // Back into the socket: it is read again after the PUBACKs, and does not end before that.
    if (rest.length > 0 && !this.#refused) client.conn.unshift(rest)
    chunk.close()
    return nothing
  }

  #hold(): void {
    this.#client._parsingBatch++
    this.#client._keepaliveTimer?.refresh()
  }

  #settled(chunk: Chunk): void {
    const client = this.#client
    const roomy = client.closed || client.conn.write(chunk.acknowledgements())
    chunk.handOn(this.#owner)
    if (chunk.error) this.#owner.notKept(chunk.failed)
    if (client.closed) return
    if (chunk.error) this.#end(chunk.error)
    else if (roomy) this.#goOn()
    else client.waitForDrain((error) => (error ? undefined : this.#goOn()))
  }

  /** After the PUBACKs. The device has as long as any other to take them (`drainTimeout`) and to end its side; what
   *  it still says is thrown away: closing a socket with unread bytes in it resets the connection, and a device
   *  loses the PUBACKs that it has not read. */
  #end(error: Error): void {
    this.#refused = true
    const client = this.#client
    const { conn } = client
    conn.prependOnceListener('end', () => client.emit('error', error))
    conn.removeAllListeners('readable')
    conn.end()
    conn.resume()
    client.waitForDrain(() => {})
  }

  #goOn(): void {
    this.#client._keepaliveTimer?.refresh()
    this.#client._nextBatch()
  }
}

/** The messages that a socket delivered at once. They settle in order, mostly in one commit. */
class Chunk {
  readonly #frames: PublishFrame[] = []
  readonly #done: (chunk: Chunk) => void
  #settled = 0
  /** So many of the first are on disk; what came after one that is not is left out, and comes again. */
  #kept = 0
  #closed = false
  /** Of the failed, those that were refused there and then; they are not among the frames. */
  #refused = 0
  failed = 0
  error: Error | undefined

  constructor(done: (chunk: Chunk) => void) {
    this.#done = done
  }

  get size(): number {
    return this.#frames.length
  }

  add(frame: PublishFrame): void {
    this.#frames.push(frame)
  }

  readonly settle: Settle = (error) => {
    if (error) this.failed++
    if (this.#closed) this.#settled++
    this.error ??= error
    // A refusal there and then says nothing about those before it.
    if (!error && this.failed === this.#refused) this.#kept++
    this.#doneOnce()
  }

  /** No more is added. */
  close(): void {
    this.#closed = true
    this.#refused = this.failed
    this.#doneOnce()
  }

  handOn(owner: LaneOwner): void {
    for (let index = 0; index < this.#kept; index++) {
      const frame = this.#frames[index]
      if (frame) owner.handOn(frame)
    }
  }

  acknowledgements(): Buffer {
    const packets = Buffer.allocUnsafe(this.#kept * pubackBytes)
    for (let index = 0; index < this.#kept; index++) {
      const at = index * pubackBytes
      packets[at] = puback
      packets[at + 1] = 2
      packets.writeUInt16BE(this.#frames[index]?.packetId ?? 0, at + 2)
    }
    return packets
  }

  #doneOnce(): void {
    if (this.#closed && this.#settled === this.#frames.length) this.#done(this)
  }
}
