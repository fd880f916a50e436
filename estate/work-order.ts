import type { BilingualText } from './registry.ts'

/** A work order is the fold of its events; nobody edits one. */
export const orderStates = [
  'open',
  'acknowledged',
  'assigned',
  'in-progress',
  'resolved',
  'verified',
  'reopened',
  'cancelled',
] as const
export type OrderState = (typeof orderStates)[number]

export const orderActions = [
  'acknowledge',
  'assign',
  'start',
  'make-safe',
  'resolve',
  'verify',
  'reopen',
  'cancel',
] as const
export type OrderAction = (typeof orderActions)[number]

export const severities = ['P1', 'P2', 'P3', 'P4'] as const
export type Severity = (typeof severities)[number]

/** One alarm that an incident explains. */
export interface Evidence {
  rule: string
  node: string
  atMs: number
  /** Wire name and value that crossed the limit, where there is one. */
  signal?: string
  value?: number
  limit?: number
}

/** What the fault engine knows of an incident when it opens or changes one. `key` = `${root}|${causeClass}`. */
export interface IncidentReport {
  key: string
  /** Registry node the fault is at. */
  root: string
  causeClass: string
  rule: string
  severity: Severity
  site: string
  title: BilingualText
  /** When it began, event time, epoch ms. */
  openedAtMs: number
  /** Why the engine decided so, a sentence for the engineer. */
  reason: string
  evidence: readonly Evidence[]
  /** Registry ids of buildings or ports whose people feel it. */
  affected: readonly string[]
  households: number
}
