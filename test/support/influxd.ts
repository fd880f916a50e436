import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { end, logged } from './child.ts'
import { missing } from './programs.ts'

/** A real InfluxDB 1.x for tests: on free ports of 127.0.0.1, with folders of its own, gone afterwards. */
export interface RunningInfluxd {
  url: string
  /** Ends it and removes its folders. */
  stop(): Promise<void>
  /** `kill -9`; the folders stay. */
  kill(): Promise<void>
  /** Starts it again on the same port and folders. */
  restart(): Promise<void>
  /** Stops its process as a debugger would: connections open, nothing answers. */
  freeze(): Promise<void>
  thaw(): void
}

const startLimitMs = 30_000

export function influxdAvailable(): boolean {
  return missing('influxd') === undefined
}

/** `settings` are InfluxDB's own environment variables, such as `INFLUXDB_HTTP_AUTH_ENABLED`. */
export async function startInfluxd(settings: Record<string, string> = {}): Promise<RunningInfluxd> {
  const folder = await mkdtemp(join(tmpdir(), 'influxd-'))
  let running = await launch({ folder, address: '127.0.0.1:0', settings })
  const { address } = running
  return {
    url: `http://${address}`,
    async stop() {
      await end(running.child, 'SIGTERM')
      await rm(folder, { recursive: true, force: true })
    },
    kill: () => end(running.child, 'SIGKILL'),
    async restart() {
      await end(running.child, 'SIGTERM')
      running = await launch({ folder, address, settings })
    },
    async freeze() {
      running.child.kill('SIGSTOP')
      while (!isStopped(running.child.pid ?? 0)) await setImmediate()
    },
    thaw: () => void running.child.kill('SIGCONT'),
  }
}

interface Launch {
  folder: string
  address: string
  settings: Record<string, string>
}

/** Resolves when it answers; port 0 becomes the port that its log names. */
async function launch({
  folder,
  address,
  settings,
}: Launch): Promise<{ child: ChildProcess; address: string }> {
  const child = spawn('influxd', ['run', '-config', '/dev/null'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      INFLUXDB_META_DIR: join(folder, 'meta'),
      INFLUXDB_DATA_DIR: join(folder, 'data'),
      INFLUXDB_DATA_WAL_DIR: join(folder, 'wal'),
      INFLUXDB_DATA_INDEX_VERSION: 'tsi1',
      INFLUXDB_BIND_ADDRESS: '127.0.0.1:0',
      INFLUXDB_HTTP_BIND_ADDRESS: address,
      INFLUXDB_HTTP_LOG_ENABLED: 'false',
      INFLUXDB_REPORTING_DISABLED: 'true',
      INFLUXDB_MONITOR_STORE_ENABLED: 'false',
      ...settings,
    },
  })
  const [, listening = ''] = await logged(child, {
    name: 'influxd',
    line: /msg="Listening on HTTP".* addr=(\S+)/,
    limitMs: startLimitMs,
  })
  const ping = await fetch(`http://${listening}/ping`)
  if (ping.status !== 204) throw new Error(`influxd answered its ping with ${ping.status}`)
  return { child, address: listening }
}

/** A signal is only on its way when `kill` returns: each thread stops for itself. */
function isStopped(pid: number): boolean {
  const threads = readdirSync(`/proc/${pid}/task`)
  return threads.every((thread) =>
    /^State:\s+[TtZ]/m.test(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8')),
  )
}
