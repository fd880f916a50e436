import { expect, test } from 'vitest'
import { buildRegistry } from './registry-index.ts'
import { parseRegistryFile } from './registry-file.ts'
import { name } from './small-estate.fixture.ts'
import { isolationOf } from './valves.ts'

/** A station with two branches of two houses each, the second house with a valve of its own; house 1 has a water
 *  main with a flat's meter behind it. A second station nobody drew pipes for. */
const site = 'oak'
const node = (id: string, type: string, more: Record<string, unknown> = {}) => ({
  ...{ id, type, site, name: name(id) },
  ...more,
})
const registry = buildRegistry(
  parseRegistryFile({
    format: 'estate-registry/1',
    district: { id: 'd', name: name('d') },
    sites: [{ id: site, name: name('Oak') }],
    nodes: [
      ...['v1', 'v2a', 'v2b', 'v-b2', 'v-water'].map((id) => node(id, 'valve')),
      node('station', 'heat-station'),
      node('pipe1', 'pipe-section', { hydraulic: 'station', valves: ['v1'] }),
      node('pipe2', 'pipe-section', { hydraulic: 'station', valves: ['v2a', 'v2b'] }),
      node('b1', 'building', { hydraulic: 'pipe1', households: 10 }),
      node('b2', 'building', { hydraulic: 'pipe1', households: 20, valves: ['v-b2'] }),
      node('riser', 'pipe-section', { inside: 'b1', hydraulic: 'b1' }),
      node('room', 'room', { inside: 'b1', hydraulic: 'riser', households: 1 }),
      node('b3', 'building', { hydraulic: 'pipe2', households: 30 }),
      node('b4', 'building', { hydraulic: 'pipe2', households: 40 }),
      node('b1-main', 'meter', { inside: 'b1', households: 9, valves: ['v-water'] }),
      node('b1-f101', 'meter', { inside: 'b1', hydraulic: 'b1-main', households: 2 }),
      node('lonely', 'heat-station'),
      node('b9', 'building', { hydraulic: 'lonely', households: 5 }),
    ],
    devices: [],
  }),
)
const burst = (root: string, suspected?: string) =>
  isolationOf(registry, { rule: 'H01', root, ...(suspected !== undefined && { suspected }) })

test('a burst somewhere behind the station: the valves of every branch, and every house is cut off', () => {
  expect(burst('station')).toEqual({
    valves: ['v1', 'v2a', 'v2b'],
    buildings: ['b1', 'b2', 'b3', 'b4'],
    households: 101,
  })
})

test('where the break is suspected at a house, the valves of its branch do, and the other branch stays warm', () => {
  expect(burst('station', 'b3')).toEqual({ valves: ['v2a', 'v2b'], buildings: ['b3', 'b4'], households: 70 })
  expect(burst('station', 'b2'), 'a house with a valve of its own').toEqual({
    valves: ['v-b2'],
    buildings: ['b2'],
    households: 20,
  })
})

test('a burst at a house or on a branch: the nearest valves at or above it', () => {
  expect(burst('room')).toEqual({ valves: ['v1'], buildings: ['b1', 'b2'], households: 31 })
  expect(burst('pipe2')).toMatchObject({ valves: ['v2a', 'v2b'] })
})

test('a burst water main: the entrance valve of its house, and everyone with a tap there', () => {
  expect(isolationOf(registry, { rule: 'W01', root: 'b1-main' })).toEqual({
    valves: ['v-water'],
    buildings: ['b1'],
    households: 11,
  })
})

test('a suspected house that no valve shuts off leaves the valves of the station; a registry without any says so', () => {
  expect(burst('station', 'b9')).toMatchObject({ valves: ['v1', 'v2a', 'v2b'] })
  expect(burst('lonely')).toEqual({ valves: [], buildings: [], households: 0 })
  expect(burst('gone')).toEqual({ valves: [], buildings: [], households: 0 })
})

test('an order that is no burst closes no valve', () => {
  expect(isolationOf(registry, { rule: 'H02', root: 'station' })).toBeUndefined()
})
