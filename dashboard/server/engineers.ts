import type { Session } from './ports.ts'
import { problem } from './problem.ts'

/** What changes how the system judges is for those who deal with devices and plant. */
export function isEngineer({ role }: Session): boolean {
  return role === 'engineer' || role === 'admin'
}

export const forbidden = { problem: problem(403, 'for engineers and admins') }
