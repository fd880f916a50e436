import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { pageFile, scenariosPage } from './page.ts'
import { parseScenario } from './scenario.ts'

const page = readFileSync(pageFile, 'utf8')

test('the scenarios’ page says what the code does; if not: npm run docs', () => {
  expect(scenariosPage(page)).toBe(page)
})

test('the scenario it shows as an example is one', () => {
  const example = /```json\n([^]*?)```/.exec(page)?.[1] ?? ''
  expect(parseScenario('mine', JSON.parse(example)).faults).toHaveLength(1)
})
