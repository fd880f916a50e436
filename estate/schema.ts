import { sql, type Generated } from 'kysely'
import type { Migration } from 'kysely/migration'
import { z } from 'zod'
import type { OrderState, Severity } from './work-order.ts'

/** The records database: one table a noun. Times are epoch ms; `body` is JSON, parsed by zod when read. */
export interface Schema {
  registry: { only: number; version: number; district: string }
  site: { id: string; body: string }
  node: { id: string; site: string; body: string }
  device: { id: string; site: string; kind: string; comms: string | null; body: string }
  credential: { id: Generated<number>; device: string; digest: string; created_ms: number }
  staff: { name: string; role: string; salt: string; digest: string; created_ms: number }
  session: { digest: string; staff: string; expires_ms: number }
  work_order: {
    id: string
    key: string
    site: string
    state: OrderState
    severity: Severity
    /** 1 until verified or cancelled: at most one such order a key. */
    open: number
    opened_ms: number
    closed_ms: number | null
    /** The order it became part of. */
    merged_into: string | null
  }
  order_event: {
    id: Generated<number>
    work_order: string
    /** What makes this event this event: a replay writes it once. */
    identity: string
    at_ms: number
    body: string
  }
  /** One beginning of an order's fault, and when the readings around it are to be copied next; null when all are. */
  evidence_moment: {
    work_order: string
    at_ms: number
    due_ms: number | null
    asked: number
    left_out: number
  }
  kept_evidence: {
    work_order: string
    at_ms: number
    device: string
    /** '' for a signal of the device itself. */
    port: string
    signal: string
    readings: number
    body: string
  }
  alarm: {
    id: Generated<number>
    key: string
    rule: string
    site: string
    node: string
    severity: Severity
    raised_ms: number
    cleared_ms: number | null
    /** 1 when it joined an incident that was known already. */
    explained: number
    incident: string | null
  }
  webhook: { id: string; told: number; stopped_ms: number | null; body: string }
  webhook_delivery: {
    id: Generated<number>
    webhook: string
    type: string
    body: string
    state: 'waiting' | 'held' | 'delivered' | 'dead'
    severity: Severity
    attempts: number
    next_ms: number
    created_ms: number
    error: string | null
  }
  fault_memory: { only: number; cursor: number; snapshot: string }
  device_memory: { device: string; memory: string }
  /** A row is written once. */
  parameter_version: { site: string; version: number; body: string }
  /** What people told the fault watch; without an outcome while it waits. */
  instruction: {
    id: Generated<number>
    at_ms: number
    who: string
    subject: string
    body: string
    outcome: string | null
    reason: string | null
  }
}

const first: Migration = {
  async up(db) {
    const { schema } = db
    await schema
      .createTable('registry')
      .addColumn('only', 'integer', (column) => column.primaryKey())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('district', 'text', (column) => column.notNull())
      .execute()
    await schema
      .createTable('site')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute()
    await schema
      .createTable('node')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('site', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute()
    await schema
      .createTable('device')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('site', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('comms', 'text')
      .addColumn('body', 'text', (column) => column.notNull())
      .execute()
    await schema.createIndex('node_site').on('node').column('site').execute()
    await schema.createIndex('device_site').on('device').column('site').execute()
    await schema.createIndex('device_comms').on('device').column('comms').execute()
  },
}

const people: Migration = {
  async up({ schema }) {
    await schema
      .createTable('credential')
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('created_ms', 'bigint', (column) => column.notNull())
      .execute()
    await schema.createIndex('credential_device').on('credential').column('device').execute()
    await schema
      .createTable('staff')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('salt', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('created_ms', 'bigint', (column) => column.notNull())
      .execute()
    await schema
      .createTable('session')
      .addColumn('digest', 'text', (column) => column.primaryKey())
      .addColumn('staff', 'text', (column) => column.notNull().references('staff.name').onDelete('cascade'))
      .addColumn('expires_ms', 'bigint', (column) => column.notNull())
      .execute()
  },
}

const orders: Migration = {
  async up({ schema }) {
    await schema
      .createTable('work_order')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('site', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('severity', 'text', (column) => column.notNull())
      .addColumn('open', 'integer', (column) => column.notNull())
      .addColumn('opened_ms', 'bigint', (column) => column.notNull())
      .addColumn('closed_ms', 'bigint')
      .execute()
    await schema
      .createIndex('one_open_order')
      .unique()
      .on('work_order')
      .column('key')
      .where(sql.ref('open'), '=', 1)
      .execute()
    await schema.createIndex('work_order_opened').on('work_order').column('opened_ms').execute()
    await schema
      .createTable('order_event')
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('work_order', 'text', (column) => column.notNull().references('work_order.id'))
      .addColumn('identity', 'text', (column) => column.notNull().unique())
      .addColumn('at_ms', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute()
    await schema.createIndex('order_event_order').on('order_event').column('work_order').execute()
    await schema
      .createTable('fault_memory')
      .addColumn('only', 'integer', (column) => column.primaryKey())
      .addColumn('cursor', 'bigint', (column) => column.notNull())
      .addColumn('snapshot', 'text', (column) => column.notNull())
      .execute()
  },
}

const deviceMemories: Migration = {
  async up(db) {
    await db.schema
      .createTable('device_memory')
      .addColumn('device', 'text', (column) => column.primaryKey())
      .addColumn('memory', 'text', (column) => column.notNull())
      .execute()
  },
}

const mergeRows = z.array(
  z.object({
    work_order: z.string(),
    body: z
      .string()
      .transform((text): unknown => JSON.parse(text))
      .pipe(z.object({ into: z.string() })),
  }),
)

const mergedInto: Migration = {
  async up(db) {
    const { schema } = db
    await schema.alterTable('work_order').addColumn('merged_into', 'text').execute()
    const merges = await db
      .selectFrom('order_event')
      .select(['work_order', 'body'])
      .where('identity', 'like', 'merged|%')
      .execute()
    for (const { work_order: part, body } of mergeRows.parse(merges)) {
      await db.updateTable('work_order').set({ merged_into: body.into }).where('id', '=', part).execute()
    }
    await schema.createIndex('work_order_merged').on('work_order').column('merged_into').execute()
  },
}

const parameters: Migration = {
  async up({ schema }) {
    await schema
      .createTable('parameter_version')
      .addColumn('site', 'text', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('parameter_version_key', ['site', 'version'])
      .execute()
  },
}

const keptEvidence: Migration = {
  async up({ schema }) {
    await schema
      .createTable('evidence_moment')
      .addColumn('work_order', 'text', (column) => column.notNull().references('work_order.id'))
      .addColumn('at_ms', 'bigint', (column) => column.notNull())
      .addColumn('due_ms', 'bigint')
      .addColumn('asked', 'integer', (column) => column.notNull())
      .addColumn('left_out', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('evidence_moment_key', ['work_order', 'at_ms'])
      .execute()
    await schema.createIndex('evidence_moment_due').on('evidence_moment').column('due_ms').execute()
    await schema
      .createTable('kept_evidence')
      .addColumn('work_order', 'text', (column) => column.notNull().references('work_order.id'))
      .addColumn('at_ms', 'bigint', (column) => column.notNull())
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('port', 'text', (column) => column.notNull())
      .addColumn('signal', 'text', (column) => column.notNull())
      .addColumn('readings', 'integer', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('kept_evidence_key', ['work_order', 'at_ms', 'device', 'port', 'signal'])
      .execute()
  },
}

const instructions: Migration = {
  async up({ schema }) {
    await schema
      .createTable('instruction')
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('at_ms', 'bigint', (column) => column.notNull())
      .addColumn('who', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('outcome', 'text')
      .addColumn('reason', 'text')
      .execute()
    await schema.createIndex('instruction_subject').on('instruction').column('subject').execute()
  },
}

const alarms: Migration = {
  async up({ schema }) {
    await schema
      .createTable('alarm')
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('rule', 'text', (column) => column.notNull())
      .addColumn('site', 'text', (column) => column.notNull())
      .addColumn('node', 'text', (column) => column.notNull())
      .addColumn('severity', 'text', (column) => column.notNull())
      .addColumn('raised_ms', 'bigint', (column) => column.notNull())
      .addColumn('cleared_ms', 'bigint')
      .addColumn('explained', 'integer', (column) => column.notNull())
      .addColumn('incident', 'text')
      .execute()
    await schema.createIndex('alarm_once').unique().on('alarm').columns(['key', 'raised_ms']).execute()
    await schema.createIndex('alarm_raised').on('alarm').column('raised_ms').execute()
  },
}

const webhooks: Migration = {
  async up({ schema }) {
    await schema
      .createTable('webhook')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('told', 'bigint', (column) => column.notNull())
      .addColumn('stopped_ms', 'bigint')
      .addColumn('body', 'text', (column) => column.notNull())
      .execute()
    await schema
      .createTable('webhook_delivery')
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('webhook', 'text', (column) => column.notNull().references('webhook.id'))
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('severity', 'text', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull())
      .addColumn('next_ms', 'bigint', (column) => column.notNull())
      .addColumn('created_ms', 'bigint', (column) => column.notNull())
      .addColumn('error', 'text')
      .execute()
    await schema
      .createIndex('webhook_delivery_next')
      .on('webhook_delivery')
      .columns(['webhook', 'state', 'id'])
      .execute()
  },
}

export const migrations: Record<string, Migration> = {
  '2026-11-23-registry': first,
  '2026-11-23-staff': people,
  '2026-11-23-work-orders': orders,
  '2026-11-25-device-memories': deviceMemories,
  '2026-11-25-orders-merged-into': mergedInto,
  '2026-11-25-parameters': parameters,
  '2026-11-25-work-orders-evidence': keptEvidence,
  '2026-11-25-written-instructions': instructions,
  '2026-11-26-alarms': alarms,
  '2026-11-26-webhooks': webhooks,
}
