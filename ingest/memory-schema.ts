import type Database from 'better-sqlite3'

/** Counts of a device that are also kept as a sum over all devices. */
const summed = [
  'stored',
  'quarantined',
  'duplicate',
  'carried',
  'readings',
  'repeated',
  'missing',
  'given_up',
  'filled',
  'reboots',
  'wraps',
  'regresses',
  'clones',
] as const

/** The tables of the ingest memory, as the steps that lead to them: a file of an earlier version is brought up to
 *  date when it is opened. A step that was released is never changed. */
const steps: readonly string[] = [
  `create table if not exists cursor (only integer primary key check (only = 1), position integer not null);
   insert or ignore into cursor values (1, 0);
   create table if not exists device (
     device text primary key, seen text not null, series text not null,
     stored integer not null default 0, quarantined integer not null default 0, duplicate integer not null default 0
   ) without rowid;
   create table if not exists refusal (
     id integer primary key, device text not null, topic text not null, reason text not null, path text not null,
     expected text not null, got text not null, count integer not null, first_seen integer not null,
     last_seen integer not null, unique (device, topic, reason, path)
   );
   create table if not exists quarantined (
     position integer primary key, refusal integer not null references refusal, device text not null,
     publisher text not null, topic text not null, payload blob not null, received_ms integer not null
   );
   create index if not exists quarantined_device on quarantined (device, position);`,

  `alter table cursor add column origin integer;
   alter table device rename to device_1;
   create table device (
     device text primary key, memory text not null, asks text not null,
     stored integer not null, quarantined integer not null, duplicate integer not null,
     carried integer not null default 0, readings integer not null default 0, repeated integer not null default 0,
     missing integer not null, given_up integer not null, filled integer not null, reboots integer not null,
     wraps integer not null, regresses integer not null, clones integer not null
   ) without rowid;
   create index device_missing on device (device) where missing > 0;
   insert into device
     select device,
       json_object(
         'seen', json_object(
           'boots', json((select json_group_array(json_array(
               json_extract(boot.value, '$[0]'), json_extract(boot.value, '$[1][0][0]'),
               json_extract(boot.value, '$[1]'))) from json_each(seen, '$.boots') boot)),
           'missing', gaps, 'filled', 0, 'forgotten', 0, 'reboots', 0, 'wraps', 0),
         'series', json((select json_group_array(json_array(
             json_extract(port.value, '$[0]'), json_extract(port.value, '$[1].used'))) from json_each(series) port)), 'newest', null, 'regresses', 0, 'clones', 0, 'deliveryMs', 0),
       '[]', stored, quarantined, duplicate, 0, 0, 0, gaps, 0, 0, 0, 0, 0, 0
     from (select *, (
       select coalesce(sum(
         json_extract(boot.value, '$[1][#-1][1]') - json_extract(boot.value, '$[1][0][0]') + 1 - (
           select sum(json_extract(range.value, '$[1]') - json_extract(range.value, '$[0]') + 1)
           from json_each(boot.value, '$[1]') range)), 0)
       from json_each(seen, '$.boots') boot) as gaps from device_1);
   drop table device_1;
   alter table refusal add column contract text not null default '';
   alter table refusal add column firmware text not null default '';
   alter table refusal add column kept integer not null default 0;
   alter table quarantined add column will integer not null default 0;
   drop index quarantined_device;
   create index quarantined_refusal on quarantined (refusal, position);
   create table raw_share (device text primary key, kept integer not null, bytes integer not null) without rowid;
   create index raw_share_bytes on raw_share (bytes);
   create table replay (only integer primary key check (only = 1), position integer not null, under_way text);
   insert into replay values (1, 0, null);
   update refusal set kept = (select count(*) from quarantined where quarantined.refusal = refusal.id);
   insert into raw_share select device, count(*), sum(length(payload)) from quarantined group by device;`,

  // One row for all devices, which no writer of a device can forget to move.
  `create table total (
     only integer primary key check (only = 1), ${summed.map((count) => `${count} integer not null`).join()}
   );
   insert into total select 1, ${summed.map((count) => `coalesce(sum(${count}), 0)`).join()} from device;
   create trigger device_added after insert on device begin
     update total set ${summed.map((count) => `${count} = ${count} + new.${count}`).join()};
   end;
   create trigger device_changed after update of ${summed.join()} on device begin
     update total set ${summed.map((count) => `${count} = ${count} + new.${count} - old.${count}`).join()};
   end;
   create index device_name on device (device);
   create index device_quarantined on device (device) where quarantined > 0;
   create index device_cloned on device (device) where clones > 0 or regresses > 0;`,
]

export function bringUpToDate(database: Database.Database): void {
  const version = Number(database.pragma('user_version', { simple: true }))
  const save = database.transaction(() => {
    for (const step of steps.slice(version)) database.exec(step)
    database.pragma(`user_version = ${steps.length}`)
  })
  save()
}
