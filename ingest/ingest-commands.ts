import { z } from 'zod'
import { parameterCommand, runParameterCommand } from './parameter-commands.ts'
import type { ParameterDesk } from './parameter-desk.ts'
import { quarantineCommand, runQuarantineCommand } from './quarantine-commands.ts'
import type { QuarantineDesk } from './quarantine-desk.ts'
import { runWhatIfCommand, whatIfCommand } from './what-if-commands.ts'
import type { WhatIfDesk } from './what-if-desk.ts'

/** The operator's commands that ingest carries out where it runs. */
export const ingestCommand = z.union([quarantineCommand, parameterCommand, whatIfCommand])
export type IngestCommand = z.infer<typeof ingestCommand>

export interface Desks {
  quarantine: QuarantineDesk
  parameters: ParameterDesk
  whatIf: WhatIfDesk
}

export function runIngestCommand(desks: Desks, asked: IngestCommand): Promise<unknown> {
  switch (asked.name) {
    case 'quarantine list':
    case 'quarantine show':
    case 'quarantine replay':
    case 'quarantine discard':
      return runQuarantineCommand(desks.quarantine, asked)
    case 'parameters show':
    case 'parameters versions':
    case 'parameters set':
    case 'parameters revert':
      return runParameterCommand(desks.parameters, asked)
    case 'what-if':
      return runWhatIfCommand(desks.whatIf, asked)
  }
}
