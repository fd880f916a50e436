/** The words in which service levels are spoken of, also in the browser. */

/** `acknowledge`: somebody knows. `on-site`: somebody is there. `make-safe`: nobody can come to harm any more.
 *  `restore`: it works again. */
export const clockNames = ['acknowledge', 'on-site', 'make-safe', 'restore'] as const
export type ClockName = (typeof clockNames)[number]

/** Why an order waits for somebody else. */
export const pauseReasons = [
  'parts',
  'resident-away',
  'heating-company',
  'water-company',
  'power-company',
  'permit',
  'weather',
  'other',
] as const
export type PauseReason = (typeof pauseReasons)[number]

export const escalationLevels = ['shift-engineer', 'head-of-shift', 'company-duty'] as const
export type EscalationLevel = (typeof escalationLevels)[number]
