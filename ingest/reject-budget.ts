/** A device that is told a hundred times a second what it does wrong learns nothing from the ninety-ninth, and every
 *  notice is a message that the broker carries. So each may be told so often in a while; everything it said is
 *  in quarantine all the same. */
export const rejectsPerWindow = 10
export const rejectWindowMs = 10_000

export class RejectBudget {
  /** Device -> told in this window: the devices that were refused something in 10 s at most. */
  readonly #told = new Map<string, number>()
  #windowEndsMs = 0

  /** True when the device may be told once more. */
  spend(device: string, atMs: number): boolean {
    if (atMs >= this.#windowEndsMs) {
      this.#told.clear()
      this.#windowEndsMs = atMs + rejectWindowMs
    }
    const told = this.#told.get(device) ?? 0
    if (told >= rejectsPerWindow) return false
    this.#told.set(device, told + 1)
    return true
  }
}
