/** A district of heating entrances and nothing else, in the public registry-import format: every reading of the
 *  benchmark goes through rules that know its pipe. */

const siteCount = 20
const buildingsPerBranch = 10
const topRadiatorM = 16.5

export interface Entrance {
  site: string
  device: string
}

/** Publishes the marked readings from which the latency is taken. */
export const probeEntrance: Entrance = { site: 'bench-01', device: 'bench-01-probe-heat' }

/** `count` entrances over twenty estates. */
export function entrances(count: number): Entrance[] {
  return Array.from({ length: count }, (_, index) => {
    const site = siteOf(index)
    return { site, device: `${site}-b${numbered(Math.floor(index / siteCount) + 1, 3)}-heat` }
  })
}

/** Plain JSON for `registry import`: these entrances and the one of the probe. */
export function entranceRegistry(members: readonly Entrance[]) {
  const sites = Array.from({ length: siteCount }, (_, index) => siteOf(index))
  const devices = [...members, probeEntrance]
  return {
    format: 'estate-registry/1',
    district: { id: 'bench', name: text('Bench') },
    sites: sites.map((id) => ({ id, name: text(id) })),
    nodes: [
      ...sites.map((site) => ({
        id: `${site}-station`,
        type: 'heat-station',
        site,
        name: text(site),
        topRadiatorM,
      })),
      ...sites.flatMap((site) =>
        pipesOf(
          site,
          devices.filter((entrance) => entrance.site === site),
        ),
      ),
    ],
    devices: devices.map(({ site, device }) => ({
      id: device,
      kind: 'heat-entrance',
      site,
      node: buildingOf(device),
    })),
  }
}

/** Branches of ten buildings each, below the station. */
function pipesOf(site: string, members: readonly Entrance[]) {
  return members.flatMap(({ device }, at) => {
    const pipe = `${site}-pipe${Math.floor(at / buildingsPerBranch) + 1}`
    const building = {
      id: buildingOf(device),
      type: 'building',
      site,
      name: text(buildingOf(device)),
      hydraulic: pipe,
      households: 48,
      topRadiatorM,
    }
    if (at % buildingsPerBranch > 0) return [building]
    return [
      { id: pipe, type: 'pipe-section', site, name: text(pipe), hydraulic: `${site}-station` },
      building,
    ]
  })
}

function buildingOf(device: string): string {
  return device.slice(0, -'-heat'.length)
}

function siteOf(index: number): string {
  return `bench-${numbered((index % siteCount) + 1, 2)}`
}

function text(name: string) {
  return { zh: name, en: name }
}

function numbered(number: number, digits: number): string {
  return String(number).padStart(digits, '0')
}
