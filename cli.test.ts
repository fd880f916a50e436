import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

/** What an operator reads who does not know the commands yet. */
const dataDir = mkdtempSync(join(tmpdir(), 'cli-'))
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

const cli = (...words: string[]) =>
  spawnSync(process.execPath, ['--no-warnings', 'cli.ts', ...words], {
    cwd: import.meta.dirname,
    env: { DATA_DIR: dataDir },
    encoding: 'utf8',
  })

test('half a command is answered with the commands there are', () => {
  const { status, stderr } = cli('webhook')
  expect(status).toBe(2)
  expect(stderr).toContain('remove <id>')
})

test('a command that does not exist is refused once, with the one that was probably meant', () => {
  const { status, stderr } = cli('webhok')
  expect(status).toBe(2)
  expect(stderr).toBe("error: unknown command 'webhok'\n(Did you mean webhook?)\n")
})
