export const name = (text: string) => ({ zh: text, en: text })

/** A station, two houses behind one pipe section, a shed with a port, a meter behind a gateway. */
export function smallFile(site = 'dayuan') {
  const id = (local: string) => `${site}-${local}`
  const node = (local: string, type: string, rest: Record<string, unknown> = {}) => ({
    id: id(local),
    type,
    site,
    name: name(local),
    ...rest,
  })
  const device = (local: string, kind: string, rest: Record<string, unknown>) => ({
    id: id(local),
    kind,
    site,
    ...rest,
  })
  return {
    format: 'estate-registry/1',
    district: { id: 'kuangqu', name: name('矿区') },
    sites: [{ id: site, name: name('大院') }],
    nodes: [
      node('station', 'heat-station'),
      node('valve', 'valve'),
      node('pipe', 'pipe-section', { hydraulic: id('station'), valves: [id('valve')] }),
      node('b01', 'building', { hydraulic: id('pipe'), households: 60, topRadiatorM: 18 }),
      node('b02', 'building', { hydraulic: id('pipe'), households: 40, topRadiatorM: 18 }),
      node('shed', 'shed'),
      node('ctl', 'controller', { inside: id('shed'), electrical: id('shed') }),
      node('p01', 'port', { inside: id('shed'), electrical: id('ctl') }),
      node('f101', 'meter', { inside: id('b01') }),
    ],
    devices: [
      device('charger', 'charger', { node: id('ctl'), ports: { p01: id('p01') } }),
      device('gw', 'gateway', { node: id('b01') }),
      device('f101-water', 'water-meter', { node: id('f101'), comms: id('gw') }),
    ],
  }
}
