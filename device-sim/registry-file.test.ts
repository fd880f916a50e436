import { expect, test } from 'vitest'
import { z } from 'zod'
import { demoFleet } from './fleets/demo.ts'
import { demoRegistry, registryText } from './registry-file.ts'
import { ordinaryDay } from './scenarios/scenario.ts'
import { Simulation } from './simulation.ts'

const file = z
  .object({
    format: z.literal('estate-registry/1'),
    district: z.object({ id: z.string(), name: z.object({ zh: z.string(), en: z.string() }) }),
    sites: z.array(z.object({ id: z.string() })),
    nodes: z.array(
      z.object({
        id: z.string().regex(/^[a-z0-9-]+$/),
        type: z.string(),
        site: z.literal('hengkang'),
        name: z.object({ zh: z.string().min(1), en: z.string().min(1) }),
        inside: z.string().optional(),
        hydraulic: z.string().optional(),
        electrical: z.string().optional(),
        valves: z.array(z.string()).optional(),
      }),
    ),
    devices: z.array(
      z.object({
        id: z.string(),
        kind: z.string(),
        node: z.string(),
        comms: z.string().optional(),
        ports: z.record(z.string(), z.string()).optional(),
      }),
    ),
  })
  .parse(JSON.parse(registryText(demoFleet())))

const count = (type: string) => file.nodes.filter((node) => node.type === type).length

test('恒康家园 has 20 buildings, one station, 3 sheds with 36 ports, 60 meters, 15 thermometers and 24 valves', () => {
  expect({
    buildings: count('building'),
    stations: count('heat-station'),
    sheds: count('shed'),
    ports: count('port'),
    meters: count('meter'),
    valves: count('valve'),
    rooms: count('room'),
  }).toEqual({ buildings: 20, stations: 1, sheds: 3, ports: 36, meters: 60, valves: 24, rooms: 15 })
})

test('every id is there once, and everything referred to exists', () => {
  const nodes = new Set(file.nodes.map(({ id }) => id))
  const devices = new Set(file.devices.map(({ id }) => id))
  expect(nodes.size).toBe(file.nodes.length)
  expect(devices.size).toBe(file.devices.length)
  const referred = [
    ...file.nodes.flatMap(({ inside, hydraulic, electrical, valves = [] }) => [
      ...[inside, hydraulic, electrical].filter((id) => id !== undefined),
      ...valves,
    ]),
    ...file.devices.flatMap(({ node, ports = {} }) => [node, ...Object.values(ports)]),
  ]
  expect(referred.filter((id) => !nodes.has(id))).toEqual([])
  expect(file.devices.filter(({ comms }) => comms !== undefined && !devices.has(comms))).toEqual([])
})

test('the devices of the file are those that speak', () => {
  const options = { fleet: demoFleet(), scenario: ordinaryDay, seed: 5, startMs: Date.UTC(2026, 0, 15) }
  const speaking = new Simulation(options).devices
  const byId = (a: { device: string }, b: { device: string }) => (a.device < b.device ? -1 : 1)
  const written = file.devices.map(({ id, kind, comms }) => ({
    site: 'hengkang',
    kind,
    device: id,
    ...(comms !== undefined && { gateway: comms }),
  }))
  expect(written.sort(byId)).toEqual([...speaking].sort(byId))
})

test('the text of the file is the file, a line for each thing', () => {
  const text = registryText(demoFleet())
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(demoRegistry())))
  expect(text.split('\n').length).toBeLessThan(file.nodes.length + file.devices.length + 20)
})
