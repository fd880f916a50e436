import { z } from 'zod'
import type { Alarm } from './alarm-state.ts'
import { longestShelfMs, type Observation, type Timing } from './alarm.ts'
import { longestServiceMs } from './service-window.ts'

/** What people say to the engine. It does it, or it says why not. */
const alarm = z.string()
const by = z.string()
const why = z.string()
const untilMs = z.number()

export const instruction = z.discriminatedUnion('action', [
  z.object({ action: z.literal('acknowledge'), alarm, by }),
  /** After an inspection: a latched alarm may rest. */
  z.object({ action: z.literal('reset'), alarm, by, why }),
  z.object({ action: z.literal('shelve'), alarm, by, why, untilMs }),
  z.object({ action: z.literal('unshelve'), alarm, by }),
  /** `target`: key of an alarm, or id of a node, device or site, with all below it. */
  z.object({ action: z.literal('take-out'), target: z.string(), by, why, untilMs }),
  z.object({ action: z.literal('put-back'), target: z.string(), by }),
])
export type Instruction = z.infer<typeof instruction>
export type AlarmInstruction = Extract<Instruction, { alarm: string }>
export type PlaceInstruction = Exclude<Instruction, AlarmInstruction>

export function observationOf(said: AlarmInstruction): Observation {
  switch (said.action) {
    case 'acknowledge':
    case 'reset':
      return { type: said.action, by: said.by }
    case 'shelve':
      return { type: 'shelve', by: said.by, why: said.why, untilMs: said.untilMs }
    case 'unshelve':
      return { type: 'unshelve' }
  }
}

/** Why an alarm did not move. */
export function refusal(said: AlarmInstruction, was: Alarm, atMs: number, timing: Timing): string {
  switch (said.action) {
    case 'acknowledge':
      return `there is nothing to acknowledge: it is ${was.state}`
    case 'reset':
      return was.state.startsWith('active') && timing.latch
        ? 'it is still breached; it can be reset when it is calm and the place was inspected'
        : `only a latched alarm is reset, and it is ${was.state}`
    case 'shelve':
      if (!timing.shelvable) return 'an alarm of priority P1 is never shelved: a life or a main is at stake'
      if (said.untilMs <= atMs) return 'expected an end in the future'
      if (said.untilMs - atMs > longestShelfMs) return 'an alarm is shelved for 8 hours at most'
      return `it is ${was.state} already`
    case 'unshelve':
      return `it is not shelved: it is ${was.state}`
  }
}

/** Why a place may not be out of service so long; undefined when it may. */
export function refusedStretch(untilMs: number, atMs: number): string | undefined {
  if (untilMs <= atMs) return 'expected an end in the future'
  return untilMs - atMs > longestServiceMs ? 'out of service for 7 days at most' : undefined
}
