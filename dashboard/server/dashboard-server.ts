import { createServer, type Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import express, { type Express } from 'express'
import helmet from 'helmet'
import { Server as SocketServer } from 'socket.io'
import type { LiveDevice } from '../../estate/live.ts'
import type { Registry } from '../../estate/registry.ts'
import type { WorkOrder } from '../../estate/work-order.ts'
import type { Cancel } from '../../platform/clock.ts'
import { liveOrderView } from '../view/orders.ts'
import type { Sources } from '../view/sources.ts'
import { apiRouter, apiRoutes } from './api.ts'
import { failures } from './failures.ts'
import { FlowsProxy, rawRefusal } from './flows-proxy.ts'
import { OpenOrders } from './open-orders.ts'
import { OpsRoom } from './ops-room.ts'
import { pages } from './pages.ts'
import type { DashboardDeps } from './ports.ts'
import { problem } from './problem.ts'
import { ResidentRooms } from './resident-rooms.ts'
import { vitals } from './vitals.ts'

/** The one HTTP server of the house: pages, API, live lines, and the door to the flows.
 *
 *  It keeps nothing of its own. What it shows is a function of the registry, the live state, the open orders and
 *  the time; the same functions feed the pages, the API and the live lines, so they cannot disagree. */

const sweepMs = 5_000
const socketPath = '/socket.io/'
/** Live lines at one time; more are refused, and those pages still show their first paint. */
const mostLiveLines = 5_000
/** What a browser sends on a live line is a few words. */
const mostMessageBytes = 16_384

export class DashboardServer {
  readonly #deps: DashboardDeps
  readonly #orders: OpenOrders
  readonly #flows: FlowsProxy
  readonly #http: HttpServer
  readonly #sockets: SocketServer
  readonly #residents: ResidentRooms
  readonly #ops: OpsRoom
  readonly #connections = new Set<Socket>()
  readonly #endings: Cancel[] = []
  #registry: Registry | undefined

  constructor(deps: DashboardDeps) {
    this.#deps = deps
    const { staff, clock, flows, log } = deps
    const sources = () => this.#sources()
    this.#orders = new OpenOrders(deps.orders)
    this.#flows = new FlowsProxy({ flows, staff, log })
    this.#http = createServer(this.#app(sources))
    this.#sockets = new SocketServer({
      path: socketPath,
      serveClient: false,
      destroyUpgrade: false,
      maxHttpBufferSize: mostMessageBytes,
      allowRequest: (_request, decide) => decide(null, this.#sockets.engine.clientsCount < mostLiveLines),
    })
    this.#residents = new ResidentRooms({ namespace: this.#sockets.of('/residents'), sources, clock })
    this.#ops = new OpsRoom({
      namespace: this.#sockets.of('/ops'),
      sources,
      orderView: (order) => this.#orderView(order),
      staff,
      clock,
    })
  }

  /** Rejects when the port is taken. */
  async start(): Promise<{ host: string; port: number }> {
    const { config, live, clock } = this.#deps
    this.#registry = this.#deps.registry()
    await this.#orders.start((order) => this.#orderChanged(order))
    this.#endings.push(
      () => this.#orders.stop(),
      live.subscribe((devices) => this.#devicesChanged(devices)),
      clock.every(sweepMs, () => this.#sweep()),
    )
    this.#residents.start()
    this.#ops.start()
    this.#sockets.attach(this.#http)
    this.#watchConnections()
    await listening(this.#http, config)
    const address = this.#http.address()
    const port = typeof address === 'object' && address ? address.port : config.port
    return { host: config.host, port }
  }

  /** Ends every connection at once. To a browser that looks like a broken line, so it comes back by itself. */
  async stop(): Promise<void> {
    for (const end of this.#endings.splice(0)) end()
    this.#residents.stop()
    this.#ops.stop()
    this.#flows.stop()
    for (const connection of this.#connections) connection.destroy()
    await this.#sockets.close()
  }

  #app(sources: () => Sources): Express {
    const { config } = this.#deps
    const sessions = { ended: (token: string) => this.#ops.sessionEnded(token) }
    const app = express()
    app.disable('x-powered-by')
    // Before helmet: Node-RED's editor brings its own scripts and could not live under our policy.
    app.use((request, response, next) =>
      FlowsProxy.leadsHere(request.url) ? this.#flows.forward(request, response) : next(),
    )
    app.use(helmet({ contentSecurityPolicy: { directives: contentPolicy } }))
    app.use(vitals(this.#deps))
    app.use(apiRouter(apiRoutes(this.#deps, sources), { deps: this.#deps, sessions }))
    app.use(pages({ clientDir: config.clientDir, sources }))
    app.use(...failures(this.#deps.log))
    return app
  }

  #watchConnections(): void {
    this.#http.on('connection', (connection) => {
      this.#connections.add(connection)
      connection.once('close', () => this.#connections.delete(connection))
    })
    this.#http.on('upgrade', (request, connection, head) => {
      const { url = '' } = request
      if (FlowsProxy.leadsHere(url)) {
        this.#flows.upgrade(request, connection, head).catch((cause: unknown) => {
          this.#deps.log.error({ err: cause }, 'a websocket to the flows failed')
          connection.destroy()
        })
      } else if (!url.startsWith(socketPath)) {
        connection.on('error', () => connection.destroy())
        connection.end(rawRefusal(problem(404)))
      }
    })
  }

  #devicesChanged(devices: readonly LiveDevice[]): void {
    this.#residents.devicesChanged(devices)
    this.#ops.devicesChanged(devices)
  }

  #orderChanged(order: WorkOrder): void {
    this.#residents.siteChanged(order.site)
    this.#ops.orderChanged(order)
  }

  #sweep(): void {
    const registry = this.#deps.registry()
    if (registry !== this.#registry) {
      this.#registry = registry
      this.#residents.startOver()
      this.#ops.startOver()
    }
    this.#residents.sweep()
    this.#ops.sweep().catch((cause: unknown) => {
      this.#deps.log.error({ err: cause }, 'the sessions of the live lines could not be checked')
    })
  }

  #sources(): Sources {
    const { registry, live, clock } = this.#deps
    return {
      registry: registry(),
      live: (device) => live.device(device),
      orders: this.#orders.all(),
      nowMs: clock.now(),
    }
  }

  #orderView(order: WorkOrder) {
    const { registry, levelsFor, clock } = this.#deps
    return liveOrderView(order, { registry: registry(), levels: levelsFor(order), nowMs: clock.now() })
  }
}

/** Our own scripts and lines only. No upgrade to https: the estate's screens reach the server by plain http. */
const contentPolicy = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'"],
  connectSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  upgradeInsecureRequests: null,
}

function listening(server: HttpServer, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
