import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import express from 'express'
import type { MqttAccess } from '../../platform/config.ts'
import type { Log } from '../../platform/log.ts'
import { loadNodeRed } from './node-red-module.ts'

/** Node-RED, embedded, in a process that holds nothing else: a flow that loops or throws takes down only
 *  itself. It listens on a Unix socket that only this user may open; who may pass is decided by the dashboard
 *  in front of it (staff, admin), so it has no login of its own. */

export interface NodeRedHostOptions {
  socketPath: string
  /** Where flows, their credentials and their context are kept. */
  userDir: string
  /** Encrypts the credentials that flows store. */
  credentialSecret: string
  /** Where and as whom our palette speaks. */
  mqtt: MqttAccess
  logger: Log
}

const here = import.meta.dirname

export class NodeRedHost {
  readonly #options: NodeRedHostOptions
  #server: Server | undefined

  constructor(options: NodeRedHostOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { userDir, socketPath } = this.#options
    mkdirSync(userDir, { recursive: true, mode: 0o700 })
    const flows = join(userDir, 'flows.json')
    if (!existsSync(flows)) copyFileSync(join(here, 'example-flow.json'), flows)
    const app = express()
    const server = createServer(app)
    this.#server = server
    const red = loadNodeRed()
    red.init(server, this.#settings())
    // Mounted directly on express 5, Node-RED's express 4 applications never start their flows.
    app.use('/flows/http', (request, response, next) => red.httpNode(request, response, next))
    app.use('/flows', (request, response, next) => red.httpAdmin(request, response, next))
    await red.start()
    rmSync(socketPath, { force: true })
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve))
    chmodSync(socketPath, 0o600)
  }

  async stop(): Promise<void> {
    await loadNodeRed().stop()
    const server = this.#server
    if (!server) return
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  #settings(): Record<string, unknown> {
    const { userDir, credentialSecret, mqtt } = this.#options
    return {
      userDir,
      nodesDir: join(here, 'palette'),
      flowFile: 'flows.json',
      credentialSecret,
      httpAdminRoot: '/flows',
      httpNodeRoot: '/flows/http',
      estate: mqtt,
      // A new node is a new dependency of the whole system: it is added in package.json, not from a browser.
      externalModules: {
        palette: { allowInstall: false, allowUpload: false },
        modules: { allowInstall: false },
      },
      functionExternalModules: false,
      telemetry: { enabled: false, updateNotification: false },
      diagnostics: { enabled: false },
      editorTheme: {
        page: { title: 'Estate Pulse · flows' },
        header: { title: 'Estate Pulse · flows' },
        tours: false,
        projects: { enabled: false },
      },
      logging: { console: { level: 'warn', metrics: false, audit: false } },
    }
  }
}
