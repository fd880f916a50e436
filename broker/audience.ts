import mqemitter, { type MQEmitter } from 'mqemitter'
import { z } from 'zod'

/** Who listens to what, and whether anybody does: most of what devices say, nobody but the intake log hears, and
 *  it is spared the way through aedes.
 *
 *  Connected subscribers are in the emitter that aedes hands every message to; its matcher (a private name of
 *  mqemitter 7, pinned and tested) answers for them. The answers are remembered until a subscription comes or
 *  goes. Sessions have no part in it: they get their messages before the PUBACK (`memory.ts`). */

/** Topics whose answer is remembered: 10,000 devices with a few topics each. */
const answersKept = 65_536

const matching = z.object({
  _matcher: z.custom<{ match(topic: string): readonly unknown[] }>(
    (value) => z.object({ match: z.function() }).safeParse(value).success,
  ),
})

export class Audience {
  readonly emitter: MQEmitter
  readonly #match: (topic: string) => readonly unknown[]
  readonly #answers = new Map<string, boolean>()

  constructor() {
    this.emitter = handingOn(() => this.#answers.clear())
    const { _matcher: matcher } = matching.parse(this.emitter)
    this.#match = (topic) => matcher.match(topic)
  }

  /** Whether a subscription matches this topic. */
  wants(topic: string): boolean {
    const known = this.#answers.get(topic)
    if (known !== undefined) return known
    const wanted = this.#match(topic).length > 0
    if (this.#answers.size >= answersKept) this.#answers.clear()
    this.#answers.set(topic, wanted)
    return wanted
  }
}

/** aedes lets a publisher wait until every subscriber has taken its message: one that hangs would hold up all
 *  devices for as long as the drain timeout. What piles up instead is bounded by `subscriberLimitBytes`. */
function handingOn(changed: () => void): MQEmitter {
  const emitter = mqemitter({ matchEmptyLevels: true })
  const emit = emitter.emit.bind(emitter)
  const on = emitter.on.bind(emitter)
  const removeListener = emitter.removeListener.bind(emitter)
  emitter.emit = (packet, done) => {
    emit(packet)
    done?.()
    return emitter
  }
  emitter.on = (filter, listener, done) => {
    on(filter, listener, done)
    changed()
    return emitter
  }
  // The listener goes a moment later.
  emitter.removeListener = (filter, listener, done) => {
    removeListener(filter, listener, () => {
      changed()
      done?.()
    })
    return emitter
  }
  return emitter
}
