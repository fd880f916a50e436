import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pointAt } from '../../test/support/history-points.ts'
import type { Point } from './store.ts'
import { LineProtocol } from './line-protocol.ts'

test('a reading is one line: kind, tags in order, integers, words, boot, sequence, nanoseconds', () => {
  const point = pointAt(3, {
    kind: 'charger',
    device: 'hengkang-shed1-charger',
    port: 'p03',
    t: 1_763_510_400_000,
    apartNs: 42,
    fields: { i_ma: 1_850, phase: 'charging' },
  })
  expect(String(new LineProtocol().body([point]))).toBe(
    'charger,device=hengkang-shed1-charger,port=p03,site=hengkang ' +
      'i_ma=1850i,phase="charging",boot=17i,seq=3i 1763510400000000042\n',
  )
})

test('two ports of a device, and an id that is used twice, are series of their own', () => {
  const lines = new LineProtocol()
  const head = (different: Partial<Point>) => String(lines.body([pointAt(1, different)])).split(' ')[0]
  expect(head({ device: 'd', port: 'p01' })).toBe('heat-entrance,device=d,port=p01,site=hengkang')
  expect(head({ device: 'd', port: 'p02' })).toBe('heat-entrance,device=d,port=p02,site=hengkang')
  expect(head({ device: 'd' })).toBe('heat-entrance,device=d,site=hengkang')
  expect(head({ device: 'd', site: 'elsewhere' })).toBe('heat-entrance,device=d,site=elsewhere')
  expect(head({ device: 'd', kind: 'gateway' })).toBe('gateway,device=d,site=hengkang')
  expect(head({ device: 'd' })).toBe('heat-entrance,device=d,site=hengkang')
})

test('no name breaks out of its line or its place', () => {
  const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(name, name, name, (device, port, field) => {
      const line = String(new LineProtocol().body([pointAt(1, { device, port, fields: { [field]: 1 } })]))
      const bare = line.replace(/\\[,= ]/g, '')
      expect(bare).toMatch(
        /^heat-entrance,device=[^,= \n\\]*,port=[^,= \n\\]*,site=hengkang [^,= \n\\]*=1i,boot=17i,seq=1i \d+\n$/,
      )
    }),
  )
})
