import { z } from 'zod'

/** What the intake log and its writing thread say to each other. */

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
/** device, accepted, wills, refused */
const tally = z.tuple([z.string(), z.number(), z.number(), z.number()])
export const intakeRequest = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('append'),
    count: z.number(),
    body: bytes,
    tallies: z.array(tally),
  }),
  z.object({ type: z.literal('cursor'), consumer: z.string(), position: z.number() }),
  z.object({ type: z.literal('stop') }),
])
export type IntakeRequest = z.infer<typeof intakeRequest>

export const intakeAnswer = z.discriminatedUnion('type', [
  z.object({ type: z.literal('opened'), end: z.number(), bytes: z.number() }),
  z.object({ type: z.literal('appended'), end: z.number(), bytes: z.number(), seconds: z.number() }),
  z.object({ type: z.literal('refused'), reason: z.string() }),
  z.object({ type: z.literal('trimmed'), bytes: z.number() }),
])
export type IntakeAnswer = z.infer<typeof intakeAnswer>
