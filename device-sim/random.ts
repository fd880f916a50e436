/** Chance, told apart by name. Every device has a stream of its own for every purpose, seeded from the global
 *  seed and both names, so that adding a device, or asking one of them twice, changes nobody else's luck. */
export type Random = () => number

/** The stream of `owner` for `purpose`; numbers in [0, 1). */
export function randomFor(seed: number, owner: string, purpose: string): Random {
  return mulberry32(hash32(`${seed}/${owner}/${purpose}`))
}

/** Tommy Ettinger's mulberry32: 32 bits of state, plenty for a simulated meter. */
export function mulberry32(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** FNV-1a, finished with murmur3's avalanche: neighbouring names get unrelated streams. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Standard normal, by Box and Muller. */
export function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(Math.max(random(), 1e-12))) * Math.cos(2 * Math.PI * random())
}

/** Log-normal with mean `mean`. */
export function logNormal(random: Random, mean: number, sigma: number): number {
  return mean * Math.exp(sigma * gaussian(random) - (sigma * sigma) / 2)
}

/** A count of events that happen independently, `mean` of them on average. */
export function poisson(random: Random, mean: number): number {
  if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * gaussian(random)))
  const floor = Math.exp(-mean)
  let count = 0
  for (let product = random(); product > floor; product *= random()) count++
  return count
}

export function uniform(random: Random, from: number, to: number): number {
  return from + (to - from) * random()
}

export function pick<T>(random: Random, choices: readonly [T, ...T[]]): T {
  return choices[Math.floor(random() * choices.length)] ?? choices[0]
}
