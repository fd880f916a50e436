import { join } from 'node:path'
import { run, type RunningSystem } from './system.ts'

/** Loads the demo estate the way an operator does: a registry file through the command line. */
export async function importDemoEstate(system: RunningSystem): Promise<{ credentialsFile: string }> {
  const registryFile = join(system.dataDir, 'demo-registry.json')
  const credentialsFile = join(system.dataDir, 'demo-credentials.json')
  const emitted = await run(process.execPath, [
    'device-sim/cli.ts',
    '--fleet',
    'demo',
    '--emit-registry',
    registryFile,
  ])
  if (emitted.code !== 0) throw new Error(`the simulator emitted no registry: ${emitted.stderr}`)
  const imported = await system.cli('registry', 'import', registryFile, '--credentials-out', credentialsFile)
  if (imported.code !== 0) throw new Error(`the registry was not imported: ${imported.stderr}`)
  return { credentialsFile }
}
