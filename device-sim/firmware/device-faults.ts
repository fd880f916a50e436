import type { FaultKind } from '../scenarios/fault-kind.ts'

/** What can break in a device itself: its power, its line, its clock, its sensors (domain.md E4). */
export const deviceFaults: readonly FaultKind[] = []
