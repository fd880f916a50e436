import { once } from 'node:events'
import { accessSync, constants, existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'

/** Other people's programs that tests use, and the Debian package of each. A test that needs one says
 *
 *      describe.skipIf(missing('influxd'))('a store that is down …', …)
 *
 *  and is skipped, with the command that would install it, where the program is not there; in CI
 *  (`CI=true`) it fails instead. */
const packageOf: Readonly<Record<string, string>> = {
  influxd: 'influxdb',
  influx: 'influxdb-client',
  mosquitto: 'mosquitto',
  mosquitto_pub: 'mosquitto-clients',
  chromium: 'chromium',
}

/** Not a program, but without it Chromium shows Chinese as boxes. */
const chineseFont = {
  file: '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc',
  package: 'fonts-noto-cjk',
} as const

/** `undefined` where the program is there, else the reason for a skip. Throws instead under `CI=true`. */
export function missing(program: string): string | undefined {
  const name = packageOf[program]
  if (name === undefined) throw new Error(`no package is known that brings ${program}`)
  if (pathOf(program) !== undefined) return undefined
  const reason = `${program} is missing: ${installCommand([name])}`
  if (process.env['CI'] === 'true') throw new Error(reason)
  console.warn(`skipped, ${reason}`)
  return reason
}

/** Packages to install before every test can run. */
export function missingPackages(): string[] {
  const packages: string[] = []
  for (const [program, name] of Object.entries(packageOf)) if (!pathOf(program)) packages.push(name)
  if (!existsSync(chineseFont.file)) packages.push(chineseFont.package)
  return packages
}

export function installCommand(packages: readonly string[]): string {
  return `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`
}

/** Full path of a program on `PATH`. */
export function pathOf(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, program)).find((path) => runs(path))
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A port that was free a moment ago, for programs that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}
