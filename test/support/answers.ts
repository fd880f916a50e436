import { z } from 'zod'

/** The answers of the API as the tests read them: only what they look at. */

export const ledgerLine = z.object({
  accepted: z.number(),
  stored: z.number(),
  quarantined: z.number(),
  duplicate: z.number(),
  pending: z.number(),
  refused: z.number(),
})
export const ledger = z.object({
  total: ledgerLine,
  devices: z.array(ledgerLine.extend({ device: z.string() })),
  imbalance: z.number(),
  checked: z.object({ devices: z.number(), sinceMs: z.number() }).optional(),
  atMs: z.number(),
})

export const quarantine = z.object({
  items: z.array(
    z.object({
      device: z.string(),
      topic: z.string(),
      reason: z.string(),
      path: z.string(),
      count: z.number(),
    }),
  ),
})

export const device = z.object({
  id: z.string(),
  state: z.string(),
  ageMs: z.number().optional(),
  signals: z.array(
    z.object({ signal: z.string(), value: z.union([z.number(), z.string()]), ageMs: z.number() }),
  ),
})

export const history = z.object({
  signal: z.string(),
  unit: z.string(),
  buckets: z.array(
    z.object({ t: z.number(), min: z.number(), max: z.number(), mean: z.number(), count: z.number() }),
  ),
})

export const evidence = z.object({
  moments: z.array(
    z.object({
      complete: z.boolean(),
      series: z.array(z.object({ device: z.string(), signal: z.string() })),
    }),
  ),
})

export const chargers = z.object({
  ports: z.array(z.object({ id: z.string(), shed: z.string(), availability: z.string(), phase: z.string() })),
})

export const orders = z.object({
  orders: z.array(
    z.object({
      id: z.string(),
      state: z.string(),
      severity: z.string(),
      rule: z.string(),
      root: z.string(),
      title: z.object({ zh: z.string(), en: z.string() }),
      openedAt: z.number(),
      affected: z.array(z.object({ id: z.string() })),
      alarms: z.number(),
    }),
  ),
})
