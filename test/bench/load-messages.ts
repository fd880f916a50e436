import { z } from 'zod'

/** What the benchmark and its load generator say to each other. */

export const toGenerator = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('open'),
    port: z.number(),
    entrances: z.array(z.object({ site: z.string(), device: z.string() })),
    /** Device -> password; empty for a broker that lets everybody in. */
    passwords: z.record(z.string(), z.string()),
    /** Unacknowledged messages a connection may have. */
    window: z.number(),
  }),
  z.object({
    type: z.literal('offer'),
    /** Readings a second from now on; null: as fast as the other two limits let it. */
    ratePerS: z.number().nullable(),
    /** Readings in all, beyond which it waits; null: no limit. */
    upTo: z.number().nullable(),
  }),
])
export type ToGenerator = z.infer<typeof toGenerator>

export const fromGenerator = z.discriminatedUnion('type', [
  z.object({ type: z.literal('opened') }),
  z.object({
    type: z.literal('count'),
    /** Epoch ms, with fractions. */
    atMs: z.number(),
    sent: z.number(),
    acknowledged: z.number(),
    /** PUBLISH to PUBACK of a few messages since the last count, ms. */
    pubackMs: z.array(z.number()),
  }),
  z.object({ type: z.literal('lost'), reason: z.string() }),
])
export type FromGenerator = z.infer<typeof fromGenerator>
