import { execFileSync } from 'node:child_process'
import { installCommand, missingPackages, pathOf } from './programs.ts'

/** Before the tests (`pretest`): looks for the programs they use, and on a Debian-like machine where we are
 *  root installs what is missing. Elsewhere it says what to type, and the tests that need it are skipped;
 *  with `CI=true` that is a failure. */
const packages = missingPackages()
if (packages.length > 0) {
  const mayInstall = pathOf('apt-get') !== undefined && process.getuid?.() === 0
  if (mayInstall) install(packages)
  report(missingPackages())
}

function install(packages: readonly string[]): void {
  console.log(`The tests use other programs; installing ${packages.join(', ')}`)
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  try {
    execFileSync('sh', ['-c', installCommand(packages)], {
      env: environment,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  } catch (cause) {
    console.error(cause instanceof Error ? cause.message : cause)
  }
}

function report(packages: readonly string[]): void {
  if (packages.length === 0) return
  console.error(`Tests will be skipped until you run, as root:\n  ${installCommand(packages)}`)
  if (process.env['CI'] === 'true') process.exitCode = 1
}
