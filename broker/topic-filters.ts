/** Which subscriptions a topic concerns: the filters of all of them as one tree, a level of the topic per step,
 *  so that the answer costs as many steps as the topic has levels, however many filters there are.
 *
 *  `#` stands for the level above it and all below [MQTT-4.7.1-2], `+` for one level, also an empty one; a filter
 *  that begins with either concerns no topic that begins with `$` [MQTT-4.7.2-1]. */
export class TopicFilters<Value> {
  readonly #root: Level<Value> = level()

  add(filter: string, key: string, value: Value): void {
    let at = this.#root
    for (const name of filter.split('/')) {
      const below = at.below.get(name) ?? level()
      at.below.set(name, below)
      at = below
    }
    at.values.set(key, value)
  }

  remove(filter: string, key: string): void {
    prune(this.#root, filter.split('/'), key)
  }

  match(topic: string): Value[] {
    const found: Value[] = []
    collect(this.#root, topic.split('/'), 0, found)
    return found
  }
}

interface Level<Value> {
  below: Map<string, Level<Value>>
  /** Of the filters that end here, by who has them. */
  values: Map<string, Value>
}

function level<Value>(): Level<Value> {
  return { below: new Map(), values: new Map() }
}

function collect<Value>(at: Level<Value>, names: readonly string[], depth: number, found: Value[]): void {
  const wild = depth > 0 || !names[0]?.startsWith('$')
  const rest = wild ? at.below.get('#') : undefined
  if (rest) found.push(...rest.values.values())
  const name = names[depth]
  if (name === undefined) {
    found.push(...at.values.values())
    return
  }
  const exact = at.below.get(name)
  if (exact) collect(exact, names, depth + 1, found)
  const any = wild ? at.below.get('+') : undefined
  if (any) collect(any, names, depth + 1, found)
}

/** Takes the value out, and every level that is left with nothing. True when this one is. */
function prune<Value>(at: Level<Value>, names: readonly string[], key: string): boolean {
  const [name, ...rest] = names
  if (name === undefined) at.values.delete(key)
  else {
    const below = at.below.get(name)
    if (below && prune(below, rest, key)) at.below.delete(name)
  }
  return at.values.size === 0 && at.below.size === 0
}
