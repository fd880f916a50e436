import { expect, test } from 'vitest'
import { migrations } from './schema.ts'

test('a migration comes after all that were there before it, so that every database of yesterday still opens', () => {
  const names = Object.keys(migrations)
  expect(names).toEqual(names.toSorted())
})
