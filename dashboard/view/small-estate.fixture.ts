import type { LiveDevice, LiveValue } from '../../estate/live.ts'
import type { RegistryContent } from '../../estate/registry.ts'
import { buildRegistry } from '../../estate/registry-index.ts'
import type { WorkOrder } from '../../estate/work-order.ts'
import type { Sources } from './sources.ts'

/** A very small estate for tests: one shed with two ports, a heat station that feeds one house of six storeys,
 *  and a water meter that uploads once a day. */

export const startMs = Date.UTC(2026, 10, 23, 12)

export function name(text: string) {
  return { zh: text, en: text }
}

export const smallEstate: RegistryContent = {
  district: { id: 'd', name: name('District') },
  sites: [{ id: 'oak', name: { zh: '橡树园', en: 'Oak Court' } }],
  nodes: [
    { id: 'shed', type: 'shed', site: 'oak', name: { zh: '一号车棚', en: 'Shed 1' } },
    { id: 'ctl', type: 'controller', site: 'oak', name: name('Controller'), electrical: 'shed' },
    { id: 'port-1', type: 'port', site: 'oak', name: name('Port 1'), electrical: 'ctl' },
    { id: 'port-2', type: 'port', site: 'oak', name: name('Port 2'), electrical: 'ctl' },
    { id: 'station', type: 'heat-station', site: 'oak', name: name('Station'), distanceM: 0 },
    {
      id: 'pipe',
      type: 'pipe-section',
      site: 'oak',
      name: name('Pipe'),
      hydraulic: 'station',
      valves: ['v1'],
    },
    { id: 'v1', type: 'valve', site: 'oak', name: name('Valve 1') },
    {
      id: 'house',
      type: 'building',
      site: 'oak',
      name: name('House'),
      hydraulic: 'pipe',
      topRadiatorM: 18,
      distanceM: 80,
    },
    { id: 'main', type: 'meter', site: 'oak', name: name('Water main'), inside: 'house' },
  ],
  devices: [
    { id: 'charger', kind: 'charger', site: 'oak', node: 'ctl', ports: { p01: 'port-1', p02: 'port-2' } },
    { id: 'station-heat', kind: 'heat-station', site: 'oak', node: 'station' },
    { id: 'house-heat', kind: 'heat-entrance', site: 'oak', node: 'house' },
    { id: 'meter', kind: 'water-meter', site: 'oak', node: 'main' },
  ],
}

export function sourcesOf(
  devices: readonly LiveDevice[],
  { orders = [], nowMs = startMs }: { orders?: readonly WorkOrder[]; nowMs?: number } = {},
): Sources {
  const live = new Map(devices.map((device) => [device.device, device]))
  return { registry: buildRegistry(smallEstate), live: (id) => live.get(id), orders, nowMs }
}

export function chargerSaying(
  ports: Readonly<Record<string, { avail: string; phase: string }>>,
  { t = startMs, ...more }: Partial<LiveDevice> & { t?: number } = {},
): LiveDevice {
  const said = Object.entries(ports).map(([port, { avail, phase }]): [string, Record<string, LiveValue>] => [
    port,
    { avail: { value: avail, t }, phase: { value: phase, t } },
  ])
  return {
    device: 'charger',
    kind: 'charger',
    site: 'oak',
    connection: 'ready',
    lastSeenMs: t,
    values: {},
    ports: Object.fromEntries(said),
    ...more,
  }
}

export function deviceSaying(
  device: Pick<LiveDevice, 'device' | 'kind'>,
  values: Readonly<Record<string, number>>,
  { t = startMs, ...more }: Partial<LiveDevice> & { t?: number } = {},
): LiveDevice {
  const said = Object.entries(values).map(([signal, value]): [string, LiveValue] => [signal, { value, t }])
  return {
    ...device,
    site: 'oak',
    connection: 'ready',
    lastSeenMs: t,
    values: Object.fromEntries(said),
    ports: {},
    ...more,
  }
}

export function orderAt(root: string, more: Partial<WorkOrder> = {}): WorkOrder {
  return {
    id: '20261123-0001',
    key: `${root}|fault`,
    state: 'open',
    severity: 'P2',
    rule: 'C02',
    root,
    causeClass: 'fault',
    site: 'oak',
    title: { zh: '故障', en: 'Fault' },
    reason: { zh: '继电器未断开', en: 'the relay does not follow' },
    openedAtMs: startMs,
    relapses: 0,
    evidence: [{ rule: 'C02', node: root, atMs: startMs }],
    affected: [root],
    households: 0,
    comments: [],
    photos: [],
    history: [{ type: 'raised', atMs: startMs, severity: 'P2', why: 'the relay does not follow' }],
    ...more,
  }
}
