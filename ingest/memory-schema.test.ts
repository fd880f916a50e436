import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { IngestMemory } from './memory.ts'

/** A file as the first version left it: one boot with a gap of 2, 6 refusals of which 2 are kept. */
const firstVersion = `
  create table cursor (only integer primary key check (only = 1), position integer not null);
  insert into cursor values (1, 12);
  create table device (
    device text primary key, seen text not null, series text not null,
    stored integer not null default 0, quarantined integer not null default 0, duplicate integer not null default 0
  ) without rowid;
  insert into device values ('heat', '{"boots":[[1,[[3,9],[12,12]]],[2,[[0,0]]]]}',
    '[["",{"said":5,"used":6}]]', 9, 6, 1), ('water', '{"boots":[]}', '[]', 0, 0, 0);
  create table refusal (
    id integer primary key, device text not null, topic text not null, reason text not null, path text not null,
    expected text not null, got text not null, count integer not null, first_seen integer not null,
    last_seen integer not null, unique (device, topic, reason, path)
  );
  insert into refusal values (4, 'heat', 'est/1/oak/heat-entrance/heat/tele', 'not-json', '', 'JSON', '{', 6, 1, 2);
  create table quarantined (
    position integer primary key, refusal integer not null references refusal, device text not null,
    publisher text not null, topic text not null, payload blob not null, received_ms integer not null
  );
  create index quarantined_device on quarantined (device, position);
  insert into quarantined values (7, 4, 'heat', 'heat', 'est/1/oak/heat-entrance/heat/tele', x'7b', 1),
    (8, 4, 'heat', 'heat', 'est/1/oak/heat-entrance/heat/tele', x'7b7b', 2);`

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'memory-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a memory of the first version is taken over: what was seen, what is missing, what lies in quarantine', () => {
  const file = join(folder, 'ingest.db')
  const old = new Database(file)
  old.exec(firstVersion)
  old.close()
  for (const life of ['the first', 'the second']) {
    const memory = new IngestMemory(file)
    memory.start()
    expect(memory.cursor(), life).toBe(12)
    expect(memory.books.of(['heat']).get('heat')).toMatchObject({
      stored: 9,
      quarantined: 6,
      duplicate: 1,
      missing: 2,
    })
    const { seen, series } = memory.device('heat')
    expect(seen.latestGaps()).toEqual([{ boot: 1, from: 10, to: 11 }])
    expect(series.toJSON()).toEqual([['', 6]])
    expect(seen.remember(1, 9)).toBe(false)
    expect(seen.remember(1, 10)).toBe(true)
    expect(seen.missing).toBe(1)
    expect(memory.device('water').seen.missing).toBe(0)
    expect(memory.quarantine.list({}, 10)).toMatchObject([{ id: 4, count: 6, kept: 2, contract: '' }])
    expect(memory.quarantine.fullness()).toMatchObject({ groups: 1, bytes: 3 })
    memory.stop()
  }
})
