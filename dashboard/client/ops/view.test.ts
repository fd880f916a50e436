import { expect, test } from 'vitest'
import { addressOf, viewOf, type View } from './view.ts'

test.each<[string, View]>([
  ['', { name: 'watch' }],
  ['#ledger', { name: 'ledger' }],
  ['#quarantine?device=b01-heat', { name: 'quarantine', device: 'b01-heat' }],
  ['#watch?device=a%26b', { name: 'watch', device: 'a&b' }],
])('the address %j opens %j, and leads back', (hash, view) => {
  expect(viewOf(hash)).toEqual(view)
  expect(viewOf(addressOf(view))).toEqual(view)
})

test('an address of nobody opens the watch', () => {
  expect(viewOf('#/../etc?device=')).toEqual({ name: 'watch' })
})
