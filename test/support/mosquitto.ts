import { spawn, execFileSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { end, logged } from './child.ts'
import { freePort } from './programs.ts'

/** A real Mosquitto for tests: on a free port of 127.0.0.1, in a folder of its own, gone afterwards. It keeps
 *  sessions and queues over its restarts, as the README asks of an operator. */
export interface RunningMosquitto {
  url: string
  port: number
  /** Ends it and removes its folder. */
  stop(): Promise<void>
  /** `kill -9`; its folder stays. */
  kill(): Promise<void>
  /** As `systemctl restart` does it: SIGTERM, then again on the same port and folder. */
  restart(): Promise<void>
}

export interface MosquittoOptions {
  /** User name -> password; without, everyone is let in. */
  users?: Readonly<Record<string, string>>
  /** Lines of its access list; without, everyone may say and hear everything. */
  access?: readonly string[]
  /** More lines for its mosquitto.conf. */
  settings?: readonly string[]
}

const startLimitMs = 10_000

export async function startMosquitto({
  users,
  access,
  settings = [],
}: MosquittoOptions = {}): Promise<RunningMosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'))
  const port = await freePort()
  const passwords = join(folder, 'passwords')
  const accessList = join(folder, 'access')
  const lines = [
    `listener ${port} 127.0.0.1`,
    // Started by root it would become another user, who may not write to our folder.
    'user root',
    'persistence true',
    `persistence_location ${folder}/`,
    'autosave_on_changes true',
    'autosave_interval 1',
    'max_queued_messages 0',
    ...(users ? [`password_file ${passwords}`] : ['allow_anonymous true']),
    ...(access ? [`acl_file ${accessList}`] : []),
    ...settings,
  ]
  if (access) writeFileSync(accessList, `${access.join('\n')}\n`, { mode: 0o600 })
  writeFileSync(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`)
  if (users) {
    writeFileSync(
      passwords,
      Object.entries(users)
        .map((login) => `${login.join(':')}\n`)
        .join(''),
      { mode: 0o600 },
    )
    execFileSync('mosquitto_passwd', ['-U', passwords])
  }
  let child = await launch(folder)
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    async stop() {
      await end(child, 'SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
    kill: () => end(child, 'SIGKILL'),
    async restart() {
      await end(child, 'SIGTERM')
      child = await launch(folder)
    },
  }
}

/** Resolves when it listens. */
async function launch(folder: string): Promise<ChildProcess> {
  const child = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await logged(child, { name: 'mosquitto', line: /mosquitto version .* running/, limitMs: startLimitMs })
  return child
}
