import { z } from 'zod'

/** What the broker's memory and the thread that writes it to disk say to each other: a batch of writes, each the
 *  name of a statement and its values, in the order in which they happened. */

export const schema = `
  create table if not exists progress (only integer primary key check (only = 1), position integer not null);
  create table if not exists session (client text primary key, seen_ms integer not null) without rowid;
  create table if not exists subscription (
    client text not null references session on delete cascade, filter text not null, qos integer not null,
    primary key (client, filter)
  ) without rowid;
  create table if not exists queued (
    seq integer primary key, client text not null references session on delete cascade, topic text not null,
    qos integer not null, payload blob not null, message_id integer, retain integer not null,
    released integer not null
  );
  create index if not exists queued_client on queued (client);
  create table if not exists incoming (
    client text not null, message_id integer not null, primary key (client, message_id)
  ) without rowid;
  create table if not exists retained (topic text primary key, qos integer not null, payload blob not null);
  create table if not exists will (
    client text primary key, broker text not null, topic text not null, qos integer not null,
    retain integer not null, payload blob not null
  );`

export const statements = {
  progress: 'insert into progress values (1, ?) on conflict do update set position = excluded.position',
  session: 'insert into session values (?, ?) on conflict do update set seen_ms = excluded.seen_ms',
  forget: 'delete from session where client = ?',
  subscribe: 'insert into subscription values (?, ?, ?) on conflict do update set qos = excluded.qos',
  unsubscribe: 'delete from subscription where client = ? and filter = ?',
  queue: 'insert into queued values (?, ?, ?, ?, ?, ?, ?, ?)',
  send: 'update queued set message_id = ? where seq = ?',
  release: 'update queued set released = 1 where seq = ?',
  acknowledge: 'delete from queued where seq = ?',
  receive: 'insert or ignore into incoming values (?, ?)',
  finish: 'delete from incoming where client = ? and message_id = ?',
  finishAll: 'delete from incoming where client = ?',
  retain: 'replace into retained values (?, ?, ?)',
  unretain: 'delete from retained where topic = ?',
  will: 'replace into will values (?, ?, ?, ?, ?, ?)',
  forgetWill: 'delete from will where client = ?',
  clearIncoming: 'delete from incoming',
  clearSessions: 'delete from session',
  clearRetained: 'delete from retained',
  clearWills: 'delete from will',
} as const

const name = z.custom<keyof typeof statements>(
  (given) => typeof given === 'string' && Object.hasOwn(statements, given),
)
const value = z.union([
  z.string(),
  z.number(),
  z.null(),
  z.custom<Uint8Array>((given) => given instanceof Uint8Array),
])
const write = z.tuple([name], value)
export type Write = z.infer<typeof write>

export const memoryRequest = z.discriminatedUnion('type', [
  z.object({ type: z.literal('write'), writes: z.array(write) }),
  z.object({ type: z.literal('stop') }),
])
export type MemoryRequest = z.infer<typeof memoryRequest>

export const memoryAnswer = z.discriminatedUnion('type', [
  z.object({ type: z.literal('opened') }),
  z.object({ type: z.literal('written'), seconds: z.number() }),
  z.object({ type: z.literal('failed'), reason: z.string() }),
])
export type MemoryAnswer = z.infer<typeof memoryAnswer>
