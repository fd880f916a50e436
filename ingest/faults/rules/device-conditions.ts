import type { Condition } from './rule.ts'

/** When is something wrong with a device, whatever it measures? */

/** D01 is judged by silence (silence.ts), not by samples. */
export const silent: Condition = {
  name: 'silence',
  signal: 'conn',
  timing: () => ({ onDelayMs: 0, offDelayMs: 0 }),
  judge: () => 'nothing',
  limit: () => undefined,
}
