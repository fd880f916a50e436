/** The last word on every topic, for who subscribes later. A tree with a level of the topic per step: a filter
 *  walks only the branches that it names, so `est/1/hengkang/+/+/state/#` sees one estate and not the district.
 *
 *  Bounded in number and in bytes; what finds no room is not kept, and the caller says so. */
export interface Retained {
  topic: string
  payload: Buffer | string
}

/** 88,015 households with a meter each, and what stands in their houses. */
export const retainedLimit = 400_000
export const retainedLimitBytes = 256 * 1024 * 1024

export class RetainedMessages<Message extends Retained> {
  readonly #root: Branch<Message> = branch()
  readonly #limit: number
  readonly #limitBytes: number
  #count = 0
  #bytes = 0

  constructor(limit = retainedLimit, limitBytes = retainedLimitBytes) {
    this.#limit = limit
    this.#limitBytes = limitBytes
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  get(topic: string): Message | undefined {
    let at: Branch<Message> | undefined = this.#root
    for (const name of topic.split('/')) at = at?.below.get(name)
    return at?.message
  }

  /** False where there is no room: what was there before is gone too, since it is no longer the last word. */
  put(message: Message): boolean {
    this.remove(message.topic)
    const bytes = sizeOf(message)
    if (this.#count >= this.#limit || this.#bytes + bytes > this.#limitBytes) return false
    let at = this.#root
    for (const name of message.topic.split('/')) {
      const below = at.below.get(name) ?? branch()
      at.below.set(name, below)
      at = below
    }
    at.message = message
    this.#count++
    this.#bytes += bytes
    return true
  }

  /** True when there was one. */
  remove(topic: string): boolean {
    const message = this.get(topic)
    if (!message) return false
    prune(this.#root, topic.split('/'))
    this.#count--
    this.#bytes -= sizeOf(message)
    return true
  }

  /** Those that a subscription with this filter is to hear. */
  matching(filter: string): Generator<Message> {
    return walk(this.#root, filter.split('/'), 0, true)
  }
}

interface Branch<Message> {
  below: Map<string, Branch<Message>>
  message: Message | undefined
}

function branch<Message>(): Branch<Message> {
  return { below: new Map(), message: undefined }
}

function sizeOf({ topic, payload }: Retained): number {
  return topic.length + payload.length
}

function* walk<Message>(
  at: Branch<Message>,
  filter: readonly string[],
  depth: number,
  top = false,
): Generator<Message> {
  const name = filter[depth]
  if (name === undefined || name === '#') {
    if (at.message) yield at.message
    if (name === undefined) return
  }
  if (name === '#' || name === '+') {
    for (const [own, below] of at.below) {
      // [MQTT-4.7.2-1]
      if (top && own.startsWith('$')) continue
      yield* walk(below, filter, name === '#' ? depth : depth + 1)
    }
    return
  }
  const below = at.below.get(name)
  if (below) yield* walk(below, filter, depth + 1)
}

function prune<Message>(at: Branch<Message>, names: readonly string[]): boolean {
  const [name, ...rest] = names
  if (name === undefined) at.message = undefined
  else {
    const below = at.below.get(name)
    if (below && prune(below, rest)) at.below.delete(name)
  }
  return at.message === undefined && at.below.size === 0
}
