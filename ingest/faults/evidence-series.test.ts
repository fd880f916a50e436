import { expect, test } from 'vitest'
import { buildRegistry } from '../../estate/registry-index.ts'
import { evidenceSeries } from './evidence-series.ts'
import { twentyHouses } from './twenty-houses.fixture.ts'

const registry = buildRegistry(twentyHouses)
const seriesOf = (rule: string, root: string, signal: string) =>
  evidenceSeries({ root, rule, evidence: [{ rule, node: root, atMs: 0, signal }] }, registry)

test('smoke in a shed (C01) keeps what the shed said, and how hot each of its ports was', () => {
  const series = seriesOf('C01', 'hengkang-shed1-ctl', 'smoke')
  expect(series[0]).toEqual({ kind: 'charger', device: 'hengkang-shed1-charger', signal: 'smoke' })
  const hot = series.filter(({ signal }) => signal === 't_port_c10')
  expect(hot.map(({ port }) => port)).toEqual(['p01', 'p02', 'p03'])
})

test('a hot port (C02) keeps its own readings, not those of its neighbours', () => {
  const ports = seriesOf('C02', 'hengkang-shed1-p02', 't_port_c10').map(({ port }) => port)
  expect(new Set(ports)).toEqual(new Set(['p02']))
})
