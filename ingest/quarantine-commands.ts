import { z } from 'zod'
import { refusalReasons } from '../firmware-contracts/message.ts'
import { OperatorError } from '../platform/operator-error.ts'
import type { QuarantineDesk } from './quarantine-desk.ts'

/** What an operator may ask of the quarantine on the command line. JSON in and out, as `estate/commands.ts`. */
const id = z.int().min(1)
const selection = {
  id: id.exactOptional(),
  device: z.string().exactOptional(),
  reason: z.enum(refusalReasons).exactOptional(),
}

export const quarantineCommand = z.discriminatedUnion('name', [
  z.object({ name: z.literal('quarantine list'), ...selection }),
  z.object({ name: z.literal('quarantine show'), id }),
  z.object({ name: z.literal('quarantine replay'), ...selection }),
  z.object({ name: z.literal('quarantine discard'), id }),
])
export type QuarantineCommand = z.infer<typeof quarantineCommand>

const listLimit = 10_000

/** Throws an `OperatorError` when there is no such group, or it cannot be done now. */
export async function runQuarantineCommand(desk: QuarantineDesk, asked: QuarantineCommand): Promise<unknown> {
  switch (asked.name) {
    case 'quarantine list':
      return desk.list(asked, listLimit)
    case 'quarantine show':
      return desk.show(asked.id) ?? unknownGroup(asked.id)
    case 'quarantine replay': {
      const done = await desk.replay(asked)
      return done.ok ? done.result : refuse(done.reason)
    }
    case 'quarantine discard': {
      const done = desk.discard(asked.id)
      if (!done.ok) return refuse(done.reason)
      return done.result.discarded ? done.result : unknownGroup(asked.id)
    }
  }
}

function unknownGroup(id: number): never {
  throw new OperatorError(`There is no group ${id} in quarantine.`)
}

function refuse(reason: string): never {
  throw new OperatorError(`Not now: ${reason}.`)
}
