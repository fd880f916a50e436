import { expect, test } from 'vitest'
import { planRoles } from './roles.ts'

test.each([
  [
    'nothing named: everything but the simulator, Node-RED on first use',
    [],
    [['broker'], ['ingest', 'dashboard']],
    ['flows'],
  ],
  [
    'the demo adds the simulator, last',
    ['sim', 'broker', 'ingest', 'dashboard', 'flows'],
    [['broker'], ['ingest', 'dashboard'], ['sim']],
    ['flows'],
  ],
  ['one process: right here', ['dashboard', 'ingest'], [['ingest', 'dashboard']], []],
  ['the broker alone', ['broker'], [['broker']], []],
  ['Node-RED alone, as the supervisor starts it', ['flows'], [['flows']], []],
])('%s', (_, words, processes, onDemand) => {
  expect(planRoles(words)).toEqual({ processes, onDemand })
})

test('an unknown role is a mistake of the operator, and all of them are listed', () => {
  expect(() => planRoles(['brokr', 'web'])).toThrow(/brokr[\s\S]*web/)
})

test('a dashboard without ingest would have nothing to show', () => {
  expect(() => planRoles(['dashboard'])).toThrow('name both')
})
