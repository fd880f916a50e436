import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Session } from './ports.ts'
import { RunningDashboard } from './running-dashboard.fixture.ts'

/** Stands where Node-RED stands: tells what reached it, and echoes what comes through a websocket. */
const nodeRed: Server = createServer((request, response) => {
  void text(request).then((body) => {
    const { method, url, headers } = request
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ method, url, cookie: headers.cookie, body }))
  })
})
nodeRed.on('upgrade', (_request, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  socket.pipe(socket)
})

const socketPath = join(mkdtempSync(join(tmpdir(), 'flows-')), 'flows.sock')
let startable = true
const ensureStarted = () => (startable ? Promise.resolve() : Promise.reject(new Error('no memory')))
const dashboard = new RunningDashboard(undefined, { flows: { socketPath, ensureStarted } })

beforeAll(async () => {
  nodeRed.listen(socketPath)
  await once(nodeRed, 'listening')
  await dashboard.start()
})
beforeEach(() => {
  startable = true
})
afterAll(async () => {
  await dashboard.stop()
  nodeRed.close()
})

/** Asks for a websocket; resolves with the answer, and with the tunnel if there is one. */
async function upgrade(path: string, as?: Session['role']) {
  const session = as && dashboard.staff.signIn(as)
  const asked = request(dashboard.url + path, {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      ...(session && { cookie: `estate_session=${session.token}` }),
    },
  })
  asked.end()
  return new Promise<{ answer: IncomingMessage; tunnel?: NodeJS.ReadWriteStream }>((resolve, reject) => {
    asked.once('upgrade', (answer, tunnel) => resolve({ answer, tunnel }))
    asked.once('response', (answer) => resolve({ answer }))
    asked.once('error', reject)
  })
}

describe('who may pass to the flows', () => {
  it.each([
    ['GET', '/flows', undefined, 401],
    ['GET', '/flows/', undefined, 401],
    ['POST', '/flows/flows', undefined, 401],
    ['GET', '/flows/', 'engineer', 403],
    ['POST', '/flows/flows', 'dispatcher', 403],
    ['GET', '/flows/', 'admin', 200],
  ] as const)('%s %s as %s: %i', async (method, path, as, status) => {
    const response = await dashboard.ask(path, { method, ...(as && { as }) })
    expect(response.status).toBe(status)
  })

  it.each([
    [undefined, 401],
    ['engineer', 403],
    ['admin', 101],
  ] as const)('a websocket as %s: %i', async (as, status) => {
    const { answer, tunnel } = await upgrade('/flows/comms', as)
    expect(answer.statusCode).toBe(status)
    tunnel?.end()
  })

  it('a path that only begins alike is not theirs', async () => {
    expect((await dashboard.ask('/flowsandmore', { as: 'admin' })).status).toBe(404)
  })
})

describe('what passes', () => {
  it('method, whole path and body; never the session', async () => {
    const init = { method: 'POST', body: '[{"id":"1"}]', as: 'admin' } as const
    const response = await dashboard.ask('/flows/flows?rev=2', init)
    expect(await response.json()).toEqual({ method: 'POST', url: '/flows/flows?rev=2', body: '[{"id":"1"}]' })
  })

  it('without our content policy, which the editor could not live under', async () => {
    const response = await dashboard.ask('/flows/', { as: 'admin' })
    expect(response.headers.has('content-security-policy')).toBe(false)
  })

  it('a websocket in both directions', async () => {
    const { tunnel } = await upgrade('/flows/comms', 'admin')
    tunnel?.write('hello')
    const [echo] = tunnel ? await once(tunnel, 'data') : []
    expect(String(echo)).toBe('hello')
    tunnel?.end()
  })
})

it('flows that cannot be started are not available now', async () => {
  startable = false
  const response = await dashboard.ask('/flows/', { as: 'admin' })
  expect(response.status).toBe(503)
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  expect((await upgrade('/flows/comms', 'admin')).answer.statusCode).toBe(503)
})

it('a websocket to anywhere else is refused', async () => {
  expect((await upgrade('/api/v1/sites')).answer.statusCode).toBe(404)
})
