import { z } from 'zod'
import type { Clock } from '../platform/clock.ts'
import { OperatorError } from '../platform/operator-error.ts'
import { issueCredential, issueMissingCredentials, type Login } from './credentials.ts'
import { OrderBook } from './order-book.ts'
import type { Records } from './records.ts'
import { parseRegistryFile } from './registry-file.ts'
import { saveRegistry, type ImportCounts } from './registry-store.ts'
import { roles, Staff } from './staff.ts'
import { WebhookBook, webhookWish } from './webhooks.ts'

/** What an operator may ask for on the command line, run in the server where one runs, else on its files. Each
 *  command takes JSON and answers JSON; a mistake of the operator is an `OperatorError`. */

export interface CommandContext {
  records: Records
  key: Buffer
  timeZone: string
  clock: Clock
}

export const command = z.discriminatedUnion('name', [
  z.object({
    name: z.literal('registry import'),
    registry: z.unknown(),
    dryRun: z.boolean(),
    /** Makes a credential for every device that has none. */
    credentials: z.boolean(),
  }),
  z.object({ name: z.literal('credentials issue'), device: z.string() }),
  z.object({
    name: z.literal('staff add'),
    staff: z.string().regex(/^[\p{L}\p{N}._-]{1,64}$/u, 'expected 1 to 64 letters, digits, ., _ or -'),
    role: z.enum(roles),
  }),
  webhookWish.extend({ name: z.literal('webhook add') }),
  z.object({ name: z.literal('webhook list') }),
  z.object({ name: z.literal('webhook remove'), webhook: z.string() }),
  z.object({ name: z.literal('orders list'), site: z.string().optional() }),
])
export type Command = z.infer<typeof command>

export function runCommand(context: CommandContext, asked: Command): Promise<unknown> {
  switch (asked.name) {
    case 'registry import':
      return importRegistry(context, asked)
    case 'credentials issue':
      return issue(context, asked.device)
    case 'staff add':
      return addStaff(context, asked)
    case 'webhook add':
      return addWebhook(context, asked)
    case 'webhook list':
      return new WebhookBook(context).list()
    case 'webhook remove':
      return removeWebhook(context, asked.webhook)
    case 'orders list':
      return new OrderBook(context).list({
        openOnly: true,
        ...(asked.site !== undefined && { site: asked.site }),
      })
  }
}

interface Imported {
  counts: ImportCounts
  credentials: Login[]
}

/** Thrown to leave a transaction without its effects. */
class DryRun extends Error {}

async function importRegistry(
  { records, key, clock }: CommandContext,
  { registry, dryRun, credentials }: Extract<Command, { name: 'registry import' }>,
): Promise<unknown> {
  const content = parseRegistryFile(registry)
  const imported: Imported = { counts: { sites: 0, nodes: 0, devices: 0 }, credentials: [] }
  try {
    await records.transaction().execute(async (trx) => {
      imported.counts = await saveRegistry(trx, content)
      if (credentials) imported.credentials = await issueMissingCredentials(trx, key, clock.now())
      if (dryRun) throw new DryRun()
    })
  } catch (cause) {
    if (!(cause instanceof DryRun)) throw cause
    return { ...imported, credentials: [], dryRun: true }
  }
  return imported
}

async function issue({ records, key, clock }: CommandContext, device: string): Promise<unknown> {
  const issued = await issueCredential(records, key, { device, atMs: clock.now() })
  if (!issued) throw new OperatorError(`There is no device ${device}; import a registry that has it first.`)
  return issued
}

async function addStaff(
  context: CommandContext,
  { staff, role }: Extract<Command, { name: 'staff add' }>,
): Promise<unknown> {
  const password = await new Staff(context).add(staff, role)
  if (password === undefined) throw new OperatorError(`There is a ${staff} already.`)
  return { name: staff, role, password }
}

async function addWebhook(
  context: CommandContext,
  { name: _name, ...wish }: Extract<Command, { name: 'webhook add' }>,
): Promise<unknown> {
  const added = await new WebhookBook(context).add(wish, { by: 'cli', atMs: context.clock.now() })
  if (!added.ok) throw new OperatorError(`${added.reason}.`)
  return { id: added.webhook.id, url: added.webhook.url, secret: added.secret }
}

async function removeWebhook(context: CommandContext, id: string): Promise<unknown> {
  if (!(await new WebhookBook(context).remove(id))) throw new OperatorError(`There is no webhook ${id}.`)
  return { removed: id }
}
