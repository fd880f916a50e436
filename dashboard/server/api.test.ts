import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { chargerSaying, deviceSaying, orderAt, sourcesOf, startMs } from '../view/small-estate.fixture.ts'
import { apiRoutes } from './api.ts'
import { problemSchema } from './problem.ts'
import { RunningDashboard } from './running-dashboard.fixture.ts'

const dashboard = new RunningDashboard()
const routes = apiRoutes(dashboard.deps, () => sourcesOf([]))

beforeAll(async () => {
  dashboard.live.hear(chargerSaying({ p01: { avail: 'occupied', phase: 'charging' } }, { t: startMs - 2000 }))
  dashboard.live.hear(deviceSaying({ device: 'house-heat', kind: 'heat-entrance' }, { p_ret_kpa: 225 }))
  dashboard.orders.put(orderAt('port-2'))
  await dashboard.start()
})
afterAll(() => dashboard.stop())

const examples: Readonly<Record<string, string>> = {
  ':site': 'oak',
  ':device': 'house-heat',
  ':order': '20261123-0001',
  ':action': 'acknowledge',
  ':id': '1',
  ':photo': 'a1',
  ':fault': 'H04.rate~house~house-heat',
  ':target': 'house',
  ':webhook': 'a1',
}

const bodies = [
  ['session', { name: 'engineer', password: 'right' }],
  ['comments', { text: 'the cellar is dry' }],
  ['parameters', { set: { H01: { fallKpa: 40 } }, why: 'a steep estate' }],
  ['out-of-service', { target: 'house', why: 'a new riser', untilMs: startMs + 3_600_000 }],
  ['what-if', { site: 'oak', fromMs: startMs - 60_000, toMs: startMs }],
  ['webhooks', { url: 'http://127.0.0.1:9/estate' }],
  ['revert', { version: 0, why: 'it was better before' }],
] as const

function exampleOf(path: string): string {
  const filled = path.replaceAll(/:\w+/g, (name) => examples[name] ?? name)
  return path.endsWith('/history') ? `${filled}?signal=p_ret_kpa` : filled
}

async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  return problemSchema.parse(await response.json())
}

describe('every call of the table', () => {
  // Files that go in or out: order-notes.test.ts.
  const inJson = routes.filter(({ upload, sends }) => !upload && !sends)
  it.each(inJson.map((route) => [`${route.method.toUpperCase()} ${route.path}`, route] as const))(
    '%s answers as its schema says',
    async (_name, route) => {
      const body = bodies.find(([end]) => route.path.endsWith(end))?.[1] ?? {}
      const response = await dashboard.ask(exampleOf(route.path), {
        method: route.method.toUpperCase(),
        as: route.path.includes('/webhooks') ? 'admin' : 'engineer',
        ...(['post', 'put', 'patch'].includes(route.method) && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      })
      expect(response.status).toBe(route.status)
      if (route.status !== 204)
        expect(z.strictObject(route.answer.shape).parse(await response.json())).toBeTruthy()
    },
  )

  const forStaff = routes.filter(({ access }) => access === 'staff')
  it.each(forStaff.map(({ method, path }) => [method.toUpperCase(), path]))(
    '%s %s is closed to a stranger and to a made-up cookie',
    async (method, path) => {
      for (const cookie of ['', 'estate_session=made-up']) {
        const response = await dashboard.ask(exampleOf(path), { method, headers: { cookie } })
        expect(response.status).toBe(401)
        expect(await problemOf(response)).toMatchObject({ status: 401 })
      }
    },
  )

  it('is in the OpenAPI document', async () => {
    const document = z
      .object({ openapi: z.string(), paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
      .parse(await (await dashboard.ask('/api/v1/openapi.json')).json())
    expect(document.openapi).toMatch(/^3\.1/)
    for (const { method, path } of routes) {
      expect(document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]).toHaveProperty(method)
    }
  })
})

describe('what leaves without a session', () => {
  it('are the fields of this list and no others', async () => {
    const open = await Promise.all(
      ['/api/v1/sites', '/api/v1/sites/oak/chargers'].map(async (path) => (await dashboard.ask(path)).json()),
    )
    expect([...new Set(open.flatMap((answer) => fieldsOf(answer)))].sort()).toEqual([
      'ports',
      'ports[].ageMs',
      'ports[].availability',
      'ports[].id',
      'ports[].order',
      'ports[].order.id',
      'ports[].order.state',
      'ports[].phase',
      'ports[].shed',
      'sites',
      'sites[].id',
      'sites[].name',
      'sites[].name.en',
      'sites[].name.zh',
    ])
  })

  it('a port: what it does, for how long that is known, and the order that explains a fault', async () => {
    expect(await (await dashboard.ask('/api/v1/sites/oak/chargers')).json()).toEqual({
      ports: [
        { id: 'port-1', shed: 'shed', availability: 'occupied', phase: 'charging', ageMs: 2000 },
        {
          id: 'port-2',
          shed: 'shed',
          availability: 'faulted',
          phase: 'unknown',
          ageMs: null,
          order: { id: '20261123-0001', state: expect.stringMatching(/open|acknowledged/) },
        },
      ],
    })
  })
})

describe('a wrong request is told which field is wrong', () => {
  it.each([
    ['/api/v1/devices/house-heat/history', 'query.signal'],
    ['/api/v1/devices/house-heat/history?signal=p_ret_kpa&points=0', 'query.points'],
    ['/api/v1/devices/house-heat/history?signal=p_ret_kpa&points=10001', 'query.points'],
    ['/api/v1/devices/house-heat/history?signal=p_ret_kpa&from=yesterday', 'query.from'],
    ['/api/v1/devices/house-heat/history?signal=p_ret_kpa&from=', 'query.from'],
    ['/api/v1/devices/house-heat/history?signal=p_ret_kpa&from=5&to=5', 'query.to'],
    ['/api/v1/devices/house-heat/history?signal=vol_l', 'query.signal'],
    ['/api/v1/devices/charger/history?signal=u_dv&port=p13', 'query.port'],
    ['/api/v1/work-orders?state=forgotten', 'query.state'],
    ['/api/v1/work-orders?overdeu=true', 'query.overdeu'],
    ['/api/v1/faults?sites=oak', 'query.sites'],
  ])('%s: %s', async (path, field) => {
    const response = await dashboard.ask(path, { as: 'engineer' })
    expect(response.status).toBe(400)
    expect((await problemOf(response)).errors?.map((error) => error.field)).toEqual([field])
  })

  it('a body without a password, and a body that is not JSON', async () => {
    const incomplete = await problemOf(await dashboard.post('/api/v1/session', { name: 'engineer' }))
    expect(incomplete.errors?.[0]?.field).toBe('body.password')
    const init = { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }
    const broken = await problemOf(await dashboard.ask('/api/v1/session', init))
    expect(broken).toMatchObject({ status: 400, errors: [{ field: 'body' }] })
  })

  it.each([
    '/api/v1/devices/nobody',
    '/api/v1/devices/nobody/history?signal=vol_l',
    '/api/v1/work-orders/0',
    '/api/v1/work-orders/0/evidence',
  ])('%s does not exist', async (path) => {
    expect((await problemOf(await dashboard.ask(path, { as: 'engineer' }))).status).toBe(404)
  })

  it.each(['/api/v1/sites/nowhere/chargers', '/api/v1/tenants', '/api', '/nothing'])(
    '%s does not exist for anyone',
    async (path) => {
      expect((await problemOf(await dashboard.ask(path))).status).toBe(404)
    },
  )
})

describe('a work order', () => {
  it('is moved on in the name of who is signed in', async () => {
    dashboard.orders.put(orderAt('house', { id: 'mine' }))
    const response = await dashboard.post('/api/v1/work-orders/mine/acknowledge', {}, 'dispatcher')
    expect(await response.json()).toMatchObject({
      state: 'acknowledged',
      history: [{ type: 'raised' }, { type: 'acknowledge', who: 'dispatcher' }],
    })
  })

  it('brings the readings around its beginning, with their unit and their reach', async () => {
    const response = await dashboard.ask('/api/v1/work-orders/20261123-0001/evidence', { as: 'engineer' })
    expect(await response.json()).toMatchObject({
      moments: [
        {
          ...{ atMs: startMs, fromMs: startMs - 1_800_000, toMs: startMs + 1_800_000, complete: true },
          series: [{ device: 'house-heat', signal: 'p_ret_kpa', unit: 'kPa', buckets: [{ mean: 90 }] }],
        },
      ],
    })
  })

  it('that cannot go there says where it can', async () => {
    dashboard.orders.put(orderAt('house', { id: 'open' }))
    const response = await dashboard.post('/api/v1/work-orders/open/verify', {}, 'engineer')
    expect(response.status).toBe(409)
    expect((await problemOf(response)).allowed).toEqual(['acknowledge', 'assign', 'make-safe', 'cancel'])
  })
})

describe('the quarantine', () => {
  it('is listed by device and by reason, and a group shows its raw messages', async () => {
    const list = async (query: string) => {
      const response = await dashboard.ask(`/api/v1/quarantine?${query}`, { as: 'dispatcher' })
      const { items } = z
        .object({ items: z.array(z.object({ id: z.number() })) })
        .parse(await response.json())
      return items.length
    }
    expect([await list('device=meter'), await list('device=gate'), await list('reason=not-json')]).toEqual([
      1, 0, 0,
    ])
    const group = await dashboard.ask('/api/v1/quarantine/1', { as: 'dispatcher' })
    expect(await group.json()).toMatchObject({
      item: { contract: 'water-meter/1.0', firmware: '2.1.7' },
      raws: [{ text: '{}', hex: '7b7d' }],
    })
  })

  it.each(['/api/v1/quarantine/replay', '/api/v1/quarantine/1/discard'])(
    '%s is not for dispatchers',
    async (path) => {
      expect((await problemOf(await dashboard.post(path, {}, 'dispatcher'))).status).toBe(403)
      expect((await dashboard.post(path, {}, 'admin')).status).toBe(200)
    },
  )

  it('says why nothing can be replayed now, and which group there is not', async () => {
    dashboard.quarantine.busy = true
    const refused = await problemOf(await dashboard.post('/api/v1/quarantine/replay', {}, 'engineer'))
    expect(refused).toMatchObject({ status: 409, detail: 'history takes nothing now' })
    dashboard.quarantine.busy = false
    expect((await dashboard.post('/api/v1/quarantine/7/discard', {}, 'engineer')).status).toBe(404)
    expect((await dashboard.ask('/api/v1/quarantine/7', { as: 'engineer' })).status).toBe(404)
    expect((await dashboard.ask('/api/v1/quarantine?reason=no', { as: 'engineer' })).status).toBe(400)
  })
})

describe('a session', () => {
  it('is a cookie that no script reads and no other site sends; signing out ends it', async () => {
    const signedIn = await dashboard.post('/api/v1/session', { name: 'engineer', password: 'right' })
    const [cookie = ''] = signedIn.headers.getSetCookie()
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
    const headers = { cookie: cookie.split(';')[0] ?? '' }
    expect((await dashboard.ask('/api/v1/devices', { headers })).status).toBe(200)
    const signedOut = await dashboard.ask('/api/v1/session', { method: 'DELETE', headers })
    expect(signedOut.headers.getSetCookie()[0]).toContain('estate_session=;')
    expect((await dashboard.ask('/api/v1/devices', { headers })).status).toBe(401)
  })

  it('guessing passwords is stopped after twenty mistakes a minute', async () => {
    const statuses: number[] = []
    for (let guess = 0; guess < 22; guess++) {
      statuses.push((await dashboard.post('/api/v1/session', { name: 'engineer', password: 'no' })).status)
    }
    expect(statuses[0]).toBe(401)
    expect(statuses.at(-1)).toBe(429)
  })
})

describe('what supervisors ask', () => {
  it('alive and ready', async () => {
    expect((await dashboard.ask('/healthz')).status).toBe(200)
    expect((await dashboard.ask('/readyz')).status).toBe(200)
  })

  it('not ready, with reasons', async () => {
    dashboard.health = {
      ok: false,
      details: { history: { ok: false, detail: 'disk full' }, broker: { ok: true, detail: '' } },
    }
    const response = await dashboard.ask('/readyz')
    expect(response.status).toBe(503)
    expect((await problemOf(response)).reasons).toEqual({ history: 'disk full' })
  })

  it('the numbers', async () => {
    expect(await (await dashboard.ask('/metrics')).text()).toContain('estate_accepted_total 7')
  })
})

/** `ports[].order.id` */
function fieldsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item, `${path}[]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const field = path === '' ? name : `${path}.${name}`
    return [field, ...fieldsOf(inner, field)]
  })
}
