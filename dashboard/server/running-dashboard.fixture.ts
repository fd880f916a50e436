import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Socket } from 'socket.io-client'
import { io } from 'socket.io-client'
import { z } from 'zod'
import { alarmQuality } from '../../estate/alarm-quality.ts'
import type { LiveDevice, LiveFeed } from '../../estate/live.ts'
import { fullBudget } from '../../estate/notice-budget.ts'
import type { Registry, RegistryContent } from '../../estate/registry.ts'
import { buildRegistry } from '../../estate/registry-index.ts'
import { countedLevels, defaultServiceLevels } from '../../estate/service-levels.ts'
import type { Webhook } from '../../estate/webhooks.ts'
import { allowedActions, decide, type WorkOrder } from '../../estate/work-order.ts'
import { VirtualClock } from '../../platform/clock.ts'
import { silentLog } from '../../platform/log.ts'
import { smallEstate, startMs } from '../view/small-estate.fixture.ts'
import { DashboardServer } from './dashboard-server.ts'
import type {
  ActResult,
  DashboardDeps,
  FaultDesk,
  Health,
  OrderDesk,
  ParameterDesk,
  QuarantineDesk,
  QuarantineItem,
  QuarantineSelection,
  Session,
  StaffDoor,
} from './ports.ts'

/** The real server on a free port, over a small estate that the test moves by hand. Time stands still until the
 *  test turns it. */
export class RunningDashboard {
  readonly clock = new VirtualClock(startMs)
  readonly live = new HandMadeLive()
  readonly orders = new HandMadeOrders()
  readonly quarantine = new HandMadeQuarantine()
  readonly staff = new HandMadeStaff(this.clock)
  readonly deps: DashboardDeps
  registry: Registry
  health: Health = { ok: true, details: { broker: { ok: true, detail: 'listening' } } }
  url = ''
  readonly #server: DashboardServer
  readonly #clients: Socket[] = []

  constructor(content: RegistryContent = smallEstate, more: Partial<DashboardDeps> = {}) {
    this.registry = buildRegistry(content)
    this.deps = {
      config: {
        host: '127.0.0.1',
        port: 0,
        clientDir: mkdtempSync(join(tmpdir(), 'client-')),
        timeZone: 'Asia/Shanghai',
      },
      registry: () => this.registry,
      live: this.live,
      history: {
        range: ({ fromMs }) => Promise.resolve([{ t: fromMs, min: 220, max: 230, mean: 225, count: 2 }]),
      },
      orders: this.orders,
      photos: {
        add: () => Promise.resolve(undefined),
        fileOf: () => join(this.deps.config.clientDir, 'photo'),
      },
      levelsFor: () => levels,
      evidence: () => Promise.resolve([keptMoment]),
      staff: this.staff,
      faults,
      webhooks: {
        list: () => Promise.resolve([listener]),
        add: () => Promise.resolve({ ok: true, webhook: listener, secret: 'whsec_c2VjcmV0' }),
        remove: () => Promise.resolve(true),
        deliveries: () => Promise.resolve([]),
        revive: () => Promise.resolve(0),
      },
      flood: () => ({ sinceMs: startMs, recentMs: [startMs] }),
      alarmQuality: (wish) => Promise.resolve(alarmQuality({ occurrences: [], orders: [] }, wish)),
      ledger: ({ part, limit }) =>
        Promise.resolve({
          ...ledger,
          devices: ledger.devices.filter(({ device }) => device.includes(part)).slice(0, limit),
        }),
      quarantine: this.quarantine,
      parameters,
      whatIf: ({ site, fromMs, toMs }) =>
        Promise.resolve({ ok: true, answer: { site, fromMs, toMs, ...nothingReplayed } }),
      health: () => Promise.resolve(this.health),
      metricsText: () => Promise.resolve('estate_accepted_total 7\n'),
      flows: { socketPath: '/nowhere', ensureStarted: () => Promise.reject(new Error('not in this test')) },
      clock: this.clock,
      log: silentLog,
      ...more,
    }
    this.#server = new DashboardServer(this.deps)
  }

  async start(): Promise<this> {
    const { host, port } = await this.#server.start()
    this.url = `http://${host}:${port}`
    return this
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect()
    await this.stopServer()
    rmSync(this.deps.config.clientDir, { recursive: true, force: true })
  }

  /** Leaves its clients to find out. */
  stopServer(): Promise<void> {
    return this.#server.stop()
  }

  /** `as` signs in first. */
  async ask(path: string, { as, ...init }: Asking = {}): Promise<Response> {
    const cookie = as && `estate_session=${this.staff.signIn(as).token}`
    return fetch(this.url + path, { ...init, headers: { ...init.headers, ...(cookie && { cookie }) } })
  }

  post(path: string, body: unknown, as?: Session['role']): Promise<Response> {
    const headers = { 'content-type': 'application/json' }
    return this.ask(path, { method: 'POST', body: JSON.stringify(body), headers, ...(as && { as }) })
  }

  connect(namespace: '/residents' | '/ops', session?: Session): Socket {
    const extraHeaders = session ? { cookie: `estate_session=${session.token}` } : {}
    const client = io(this.url + namespace, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      extraHeaders,
    })
    this.#clients.push(client)
    return client
  }
}

const listener: Webhook = {
  ...{ id: 'a1', url: 'http://127.0.0.1:9/estate', least: 'P4', updates: false, by: 'admin' },
  ...{ createdMs: startMs, budget: fullBudget(startMs), told: 0, stoppedMs: null },
}

const levels = countedLevels(defaultServiceLevels, 'Asia/Shanghai')

type Asking = Omit<RequestInit, 'headers'> & { headers?: Record<string, string>; as?: Session['role'] }

export class HandMadeLive implements LiveFeed {
  readonly #devices = new Map<string, LiveDevice>()
  readonly #listeners = new Set<(changed: readonly LiveDevice[]) => void>()

  devices() {
    return [...this.#devices.values()]
  }

  device(id: string) {
    return this.#devices.get(id)
  }

  subscribe(listener: (changed: readonly LiveDevice[]) => void) {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  hear(device: LiveDevice): void {
    this.#devices.set(device.device, device)
    for (const listener of this.#listeners) listener([device])
  }
}

export class HandMadeOrders implements OrderDesk {
  readonly #orders = new Map<string, WorkOrder>()
  readonly #listeners = new Set<(order: WorkOrder) => void>()

  put(order: WorkOrder): void {
    this.#orders.set(order.id, order)
    for (const listener of this.#listeners) listener(order)
  }

  list({ state, site }: Parameters<OrderDesk['list']>[0]): Promise<WorkOrder[]> {
    const all = [...this.#orders.values()]
    return Promise.resolve(
      all.filter((order) => (!state || order.state === state) && (!site || order.site === site)),
    )
  }

  get(id: string) {
    return Promise.resolve(this.#orders.get(id))
  }

  act(...[id, action, deed]: Parameters<OrderDesk['act']>): Promise<ActResult | undefined> {
    const order = this.#orders.get(id)
    if (!order) return Promise.resolve(undefined)
    const decided = decide(order, action, deed)
    if (!decided.ok) return Promise.resolve({ ...decided, allowed: allowedActions(order) })
    const done = { type: action, atMs: deed.atMs, who: deed.who }
    const next: WorkOrder = { ...order, state: 'acknowledged', history: [...order.history, done] }
    this.put(next)
    return Promise.resolve({ ok: true, order: next })
  }

  note(...[id, { atMs, who, text }]: Parameters<OrderDesk['note']>): ReturnType<OrderDesk['note']> {
    const order = this.#orders.get(id)
    if (!order) return Promise.resolve(undefined)
    const next = { ...order, comments: [...order.comments, { atMs, who, text }] }
    this.put(next)
    return Promise.resolve({ ok: true, order: next })
  }

  partsOf(id: string): Promise<WorkOrder[]> {
    return Promise.resolve([...this.#orders.values()].filter(({ mergedInto }) => mergedInto === id))
  }

  onChange(listener: (order: WorkOrder) => void) {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** Everybody's password is `right`. */
class HandMadeStaff implements StaffDoor {
  readonly #clock: VirtualClock
  readonly #sessions = new Map<string, Session>()

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  signIn(role: Session['role']): Session {
    const session = {
      token: `token-${this.#sessions.size}`,
      name: role,
      role,
      expiresMs: this.#clock.now() + 60_000,
    }
    this.#sessions.set(session.token, session)
    return session
  }

  login(name: string, password: string) {
    return Promise.resolve(name === 'engineer' && password === 'right' ? this.signIn(name) : undefined)
  }

  session(token: string) {
    const session = this.#sessions.get(token)
    return Promise.resolve(session && session.expiresMs > this.#clock.now() ? session : undefined)
  }

  colleagues() {
    return Promise.resolve([
      { name: 'dispatcher', role: 'dispatcher' as const },
      { name: 'engineer', role: 'engineer' as const },
    ])
  }

  logout(token: string) {
    this.#sessions.delete(token)
    return Promise.resolve()
  }
}

/** One group; what is replayed is understood now. */
export class HandMadeQuarantine implements QuarantineDesk {
  items: QuarantineItem[] = [refused]
  busy = false

  list({ device, reason }: QuarantineSelection) {
    const items = this.items.filter(
      (item) => (!device || item.device === device) && (!reason || item.reason === reason),
    )
    return { items, fullness: { groups: 1, bytes: 20, letGo: 0, bounds: { groups: 10, rawBytes: 100 } } }
  }

  show(id: number) {
    const item = this.items.find((one) => one.id === id)
    return item && { item, raws: [raw] }
  }

  replay() {
    if (this.busy) return Promise.resolve({ ok: false, reason: 'history takes nothing now' } as const)
    return Promise.resolve({
      ok: true,
      result: { replayed: 1, stored: 1, duplicate: 0, quarantined: 0, finished: true },
    } as const)
  }

  discard(id: number) {
    if (this.busy) return { ok: false, reason: 'a replay is under way' } as const
    return { ok: true, result: { discarded: this.items.some((item) => item.id === id) } } as const
  }
}

const nothingReplayed = {
  ...{ changes: [], present: 0, changed: 0, gained: [], lost: [], moved: [], same: 0 },
  ...{ readings: 0, firstReadingMs: null, lastReadingMs: null, tookMs: 1, leftOut: [] },
}

/** Takes every change and keeps none: what changing does is tested on the real desk. */
const parameters: ParameterDesk = {
  schema: z.object({ H01: z.object({ fallKpa: z.number().default(50) }) }),
  isKnown: (site) => site === 'oak' || site === '*',
  show: (site) => ({ site, version: 0, overrides: {}, values: { H01: { fallKpa: 50 } } }),
  versions: () => Promise.resolve([]),
  change: (site, _, { who, why }) =>
    Promise.resolve({
      ok: true,
      version: { site, version: 1, overrides: {}, changes: [], who, why, atMs: startMs },
    }),
}

const line = {
  ...{ accepted: 7, stored: 6, quarantined: 1, duplicate: 0, pending: 0, refused: 0, wills: 0 },
  ...{ readings: 6, repeated: 0, missing: 2, givenUp: 0, filled: 3 },
  ...{ reboots: 1, wraps: 0, regresses: 0, clones: 0, difference: 0 },
}
const ledger = {
  total: { ...line, unreadable: 0 },
  devices: [{ device: 'meter', ...line }],
  concerns: { out: 0, cloned: 0, pending: 0, quarantined: 1, missing: 1 },
  checked: { devices: 1, sinceMs: startMs },
  imbalance: 0,
  uncounted: 0,
  atMs: startMs,
}

const keptMoment = {
  ...{ atMs: startMs, complete: true, leftOut: 0 },
  series: [
    {
      ...{ device: 'house-heat', signal: 'p_ret_kpa' },
      buckets: [{ t: startMs, min: 90, max: 90, mean: 90, count: 1 }],
    },
  ],
}

/** Does what it is told, and forgets it: what comes of it is tested on the real engine. */
const faults: FaultDesk = {
  alarms: () => [alarm],
  outOfService: () => [],
  say: () => Promise.resolve({ type: 'done' }),
  said: () => Promise.resolve([]),
}

const alarm = {
  key: 'H04.rate|house|house-heat',
  rule: 'H04',
  site: 'oak',
  node: 'house',
  device: 'house-heat',
  severity: 'P2',
  state: 'active-unacknowledged',
  sinceMs: startMs,
  why: 'return pressure below 194 kPa for 60 s',
  signal: 'p_ret_kpa',
} as const

const refused = {
  id: 1,
  device: 'meter',
  topic: 'est/1/oak/water-meter/meter/tele',
  reason: 'value-invalid',
  path: 'd.vol_l',
  expected: '0 or more',
  got: '-1',
  contract: 'water-meter/1.0',
  firmware: '2.1.7',
  count: 1,
  kept: 1,
  firstSeen: startMs,
  lastSeen: startMs,
}

const raw = {
  position: 12,
  receivedMs: startMs,
  publisher: 'meter',
  topic: refused.topic,
  will: false,
  bytes: 2,
  text: '{}',
  hex: '7b7d',
}
