import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { Outbox } from '../../estate/outbox.ts'
import { openRecords, type Records } from '../../estate/records.ts'
import { saveRegistry } from '../../estate/registry-store.ts'
import { WebhookBook } from '../../estate/webhooks.ts'
import { smallEstate } from '../view/small-estate.fixture.ts'
import { problemSchema } from './problem.ts'
import { RunningDashboard } from './running-dashboard.fixture.ts'

/** Listeners outside, added and looked at over HTTP, with the real book behind it; what they are then told is tested on
 *  the sender. */
const url = 'http://127.0.0.1:9/estate'
let records: Records
let dashboard: RunningDashboard

beforeAll(async () => {
  records = await openRecords(':memory:')
  await records.transaction().execute((trx) => saveRegistry(trx, smallEstate))
  const book = new WebhookBook({ records, key: Buffer.alloc(32, 7) })
  const outbox = new Outbox({ records })
  dashboard = new RunningDashboard(smallEstate, {
    webhooks: {
      list: () => book.list(),
      add: (wish, by) => book.add(wish, { by, atMs: dashboard.clock.now() }),
      remove: (id) => book.remove(id),
      deliveries: (id, page) => outbox.list(id, page),
      revive: (id) => outbox.revive(id, dashboard.clock.now()),
    },
  })
  await dashboard.start()
})

afterAll(async () => {
  await dashboard.stop()
  await records.destroy()
})

const added = z.object({ id: z.string(), secret: z.string() })
const listed = z.object({ webhooks: z.array(z.looseObject({ id: z.string(), url: z.string() })) })

it('an admin adds a listener, is told its secret once, finds it in the list without, and removes it', async () => {
  const response = await dashboard.post('/api/v1/webhooks', { url, least: 'P2' }, 'admin')
  expect(response.status).toBe(201)
  const { id, secret } = added.parse(await response.json())
  expect(secret).toMatch(/^whsec_/)

  const list = await (await dashboard.ask('/api/v1/webhooks', { as: 'admin' })).json()
  expect(listed.parse(list).webhooks).toMatchObject([{ id, url, least: 'P2', by: 'admin' }])
  expect(JSON.stringify(list)).not.toContain(secret)
  const deliveries = await dashboard.ask(`/api/v1/webhooks/${id}/deliveries`, { as: 'admin' })
  expect(await deliveries.json()).toEqual({ deliveries: [] })

  const removed = await dashboard.ask(`/api/v1/webhooks/${id}`, { method: 'DELETE', as: 'admin' })
  expect(removed.status).toBe(204)
})

it.each([
  [
    'an address with a login, which nobody could be reached at',
    { url: 'http://li:secret@127.0.0.1:9/' },
    400,
  ],
  ['an estate that does not exist, of which nothing would ever be heard', { url, site: 'nowhere' }, 409],
  ['a misspelt wish', { url, leest: 'P1' }, 400],
])('%s is refused in words, and listens to nothing', async (_, wish, status) => {
  const response = await dashboard.post('/api/v1/webhooks', wish, 'admin')
  expect(response.status).toBe(status)
  const { detail, errors } = problemSchema.parse(await response.json())
  expect(detail ?? errors).toMatch(/body|there is no site nowhere/)
  expect(await (await dashboard.ask('/api/v1/webhooks', { as: 'admin' })).json()).toEqual({ webhooks: [] })
})

it('nobody but an admin says where news of the estates goes', async () => {
  const response = await dashboard.post('/api/v1/webhooks', { url }, 'engineer')
  expect(response.status).toBe(403)
})
