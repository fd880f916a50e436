import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askServer, CommandSocket } from './command-socket.ts'
import { silentLog } from './log.ts'
import { OperatorError } from './operator-error.ts'

let folder: string
let path: string
const open: CommandSocket[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'socket-'))
  path = join(folder, 'cli.sock')
})

afterEach(async () => {
  for (const socket of open.splice(0)) await socket.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function serve(run: (command: unknown) => Promise<unknown>): Promise<void> {
  const socket = new CommandSocket({ path, run, logger: silentLog })
  await socket.start()
  open.push(socket)
}

test('a command is carried out by the server that runs, whatever its size', async () => {
  await serve((command) => Promise.resolve({ echo: command }))
  const command = { name: 'registry import', text: '阳'.repeat(1_000_000) }
  expect(await askServer(path, command)).toEqual({ result: { echo: command } })
})

test("the operator's mistake comes back in the server's words", async () => {
  await serve(() => Promise.reject(new OperatorError('There is no device x.')))
  await expect(askServer(path, {})).rejects.toThrow('There is no device x.')
})

test('where no server runs the answer is nobody, also when a killed one left its socket behind', async () => {
  expect(await askServer(path, {})).toBeUndefined()
  writeFileSync(path, '')
  expect(await askServer(path, {})).toBeUndefined()
  await serve(() => Promise.resolve('here'))
  expect(await askServer(path, {})).toEqual({ result: 'here' })
})

test('only its owner may open the socket, and a second server on the same data is a mistake', async () => {
  await serve(() => Promise.resolve('first'))
  expect(statSync(path).mode & 0o777).toBe(0o600)
  await expect(serve(() => Promise.resolve('second'))).rejects.toThrow('Another server runs')
})
