/** What has been done to a water meter: it shows what went through it, unless it stands still, and since it was
 *  fitted. Absent fittings are a meter as it was installed. */
export interface MeterFittings {
  /** What had gone through when its register stopped, mL; absent while it counts. */
  stoppedAtMl?: number
  /** What the register shows beyond what went through, mL. */
  offsetMl: number
  reverseOffsetMl: number
  seal: 'whole' | 'magnet' | 'cover-open'
  valve: 'open' | 'closed'
  valveSticks: boolean
  /** How often it has been exchanged for a new one. */
  exchanged: number
}

export const asInstalled: MeterFittings = {
  offsetMl: 0,
  reverseOffsetMl: 0,
  seal: 'whole',
  valve: 'open',
  valveSticks: false,
  exchanged: 0,
}

/** The register of a meter that `throughMl` has gone through, mL. */
export function shownMl({ stoppedAtMl, offsetMl }: MeterFittings, throughMl: number): number {
  return (stoppedAtMl ?? throughMl) + offsetMl
}

export function stopped(was: MeterFittings, throughMl: number): MeterFittings {
  return { ...was, stoppedAtMl: was.stoppedAtMl ?? throughMl }
}

/** Counts on from where it stood; what went through meanwhile is never counted. */
export function countingAgain({ stoppedAtMl, ...was }: MeterFittings, throughMl: number): MeterFittings {
  return stoppedAtMl === undefined ? was : { ...was, offsetMl: was.offsetMl - (throughMl - stoppedAtMl) }
}

/** Another meter in its place, whose register shows `startsAtMl`. */
export function exchanged(
  was: MeterFittings,
  through: { forwardMl: number; reverseMl: number },
  startsAtMl: number,
): MeterFittings {
  return {
    ...asInstalled,
    offsetMl: startsAtMl - through.forwardMl,
    reverseOffsetMl: -through.reverseMl,
    exchanged: was.exchanged + 1,
  }
}
