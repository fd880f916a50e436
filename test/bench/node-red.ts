import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Lifecycle } from '../../platform/lifecycle.ts'

/** Which Node-RED the peer runs, always on the Node that everything here runs on: the one this system embeds, or,
 *  because many still have an older one, another version from the registry in a folder of its own. */
const installLimitMs = 5 * 60_000

/** The program of the embedded one. */
export const embeddedNodeRed = programIn(resolve(import.meta.dirname, '../..'))

/** Resolves with the program of that version, which is there until the benchmark stops. */
export async function installNodeRed(version: string, started: Lifecycle): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-node-red-'))
  started.onStop('Node-RED', () => rmSync(folder, { recursive: true, force: true }))
  const quietly = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel', 'error']
  await promisify(execFile)('npm', ['install', '--prefix', folder, ...quietly, `node-red@${version}`], {
    timeout: installLimitMs,
  })
  return programIn(folder)
}

function programIn(folder: string): string {
  return join(folder, 'node_modules/node-red/red.js')
}
