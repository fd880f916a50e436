import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openRecords, type Records } from './records.ts'
import { parseRegistryFile } from './registry-file.ts'
import { buildRegistry } from './registry-index.ts'
import { loadRegistry, registryVersion, saveRegistry } from './registry-store.ts'
import { name, smallFile } from './small-estate.fixture.ts'

describe('a registry file', () => {
  test('that is right is taken whole, and its trees can be asked', () => {
    const registry = buildRegistry(parseRegistryFile(smallFile()))
    expect(registry.ancestors('hydraulic', 'dayuan-b02')).toEqual(['dayuan-pipe', 'dayuan-station'])
    expect(registry.descendants('hydraulic', 'dayuan-station')).toEqual([
      'dayuan-pipe',
      'dayuan-b01',
      'dayuan-b02',
    ])
    expect(registry.householdsBelow('hydraulic', 'dayuan-station')).toBe(100)
    expect(registry.nodeOf('dayuan-charger', 'p01')).toBe('dayuan-p01')
    expect(registry.nodeOf('dayuan-charger')).toBe('dayuan-ctl')
    expect(registry.children('comms', 'dayuan-gw')).toEqual(['dayuan-f101-water'])
    expect(registry.ancestors('comms', 'dayuan-f101-water')).toEqual(['dayuan-gw', 'dayuan'])
    expect(registry.nodesOf('dayuan', 'building').map(({ id }) => id)).toEqual(['dayuan-b01', 'dayuan-b02'])
  })

  test('with wrong fields gets every one of them listed with its place', () => {
    const file = smallFile()
    const wrong = {
      ...file,
      sites: [{ id: 'DA YUAN', name: name('x') }],
      nodes: [{ ...file.nodes[0], type: 'castle', colour: 'red' }],
    }
    expect(() => parseRegistryFile(wrong)).toThrow(/sites\.0\.id[\s\S]*nodes\.0\.type[\s\S]*colour/)
  })

  test('with loose ends gets every one of them listed with its place', () => {
    const file = smallFile()
    const [station, ...nodes] = file.nodes
    const loose = {
      ...file,
      nodes: [
        { ...station, hydraulic: 'dayuan-b02' },
        ...nodes,
        { id: 'dayuan-b03', type: 'building', site: 'dayuan', name: name('b'), hydraulic: 'dayuan-nowhere' },
        { id: 'dayuan-b03', type: 'building', site: 'other', name: name('b') },
      ],
      devices: [
        ...file.devices,
        {
          id: 'dayuan-x',
          kind: 'charger',
          site: 'dayuan',
          node: 'dayuan-b09',
          comms: 'dayuan-charger',
          ports: { p01: 'dayuan-p09' },
        },
      ],
    }
    for (const mistake of [
      'nodes.10.id: dayuan-b03 is there twice',
      'nodes.9.hydraulic: there is no node dayuan-nowhere',
      'nodes.10.site: there is no site other',
      'devices.3.node: there is no node dayuan-b09',
      'devices.3.comms: there is no gateway dayuan-charger',
      'devices.3.ports.p01: there is no node dayuan-p09',
      'hydraulic: dayuan-',
    ]) {
      expect(() => parseRegistryFile(loose)).toThrow(mistake)
    }
  })
})

describe('an import', () => {
  let folder: string
  let records: Records

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'registry-'))
    records = await openRecords(join(folder, 'records.db'))
  })

  afterEach(async () => {
    await records.destroy()
    rmSync(folder, { recursive: true, force: true })
  })

  const save = (file: unknown) =>
    records.transaction().execute((trx) => saveRegistry(trx, parseRegistryFile(file)))

  test('replaces the sites it contains and nothing else, and every running process can notice', async () => {
    expect(await registryVersion(records)).toBe(0)
    await save(smallFile('dayuan'))
    await save(smallFile('qiaonan'))
    const changed = smallFile('dayuan')
    await save({ ...changed, nodes: changed.nodes.filter(({ id }) => id !== 'dayuan-b02') })
    expect(await registryVersion(records)).toBe(3)
    const registry = await loadRegistry(records)
    expect(registry.nodesOf('dayuan', 'building')).toHaveLength(1)
    expect(registry.nodesOf('qiaonan', 'building')).toHaveLength(2)
    expect(registry.site('qiaonan')?.name).toEqual(name('大院'))
  })

  test('of 20,000 meters goes in and comes back', async () => {
    const file = smallFile()
    const meters = Array.from({ length: 20_000 }, (_, index) => `dayuan-m${index}`)
    const counts = await save({
      ...file,
      nodes: [...file.nodes, ...meters.map((id) => ({ id, type: 'meter', site: 'dayuan', name: name(id) }))],
      devices: [
        ...file.devices,
        ...meters.map((id) => ({
          id: `${id}-water`,
          kind: 'water-meter',
          site: 'dayuan',
          node: id,
          comms: 'dayuan-gw',
        })),
      ],
    })
    expect(counts).toEqual({ sites: 1, nodes: 20_009, devices: 20_003 })
    expect((await loadRegistry(records)).children('comms', 'dayuan-gw')).toHaveLength(20_001)
  })
})
