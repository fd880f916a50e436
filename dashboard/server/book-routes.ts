import { z } from 'zod'
import { refusalReasons } from '../../firmware-contracts/message.ts'
import { forbidden, isEngineer } from './engineers.ts'
import type { DashboardDeps } from './ports.ts'
import { problem } from './problem.ts'
import { nothing, route, type Route } from './route.ts'
import {
  discardAnswer,
  ledgerAnswer,
  ledgerConcerns,
  quarantineAnswer,
  quarantineGroupAnswer,
  replayAnswer,
} from './schemas.ts'

/** The books: what became of every message, what was refused, and having it judged again. Every member of staff
 *  may look; who deals with devices and contracts may act. */
const groupsShown = 1_000
const linesAPage = 200
const mostLinesAPage = 1_000

const asked = { access: 'staff', params: nothing, query: nothing, body: nothing } as const
const groupParams = z.object({ id: z.coerce.number<string>().int().min(1) })
const reason = z.enum(refusalReasons).exactOptional()
const device = z.string().max(64).exactOptional()

export function bookRoutes(deps: DashboardDeps): Route[] {
  return [...looking(deps), ...acting(deps)]
}

function looking({ ledger, quarantine }: DashboardDeps): Route[] {
  return [
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/ledger',
      summary: 'What became of every accepted message: the total, and the devices a page at a time',
      query: z.object({
        concern: z.enum(ledgerConcerns).exactOptional(),
        device,
        after: z.string().max(128).default(''),
        limit: z.coerce.number<string>().int().min(1).max(mostLinesAPage).default(linesAPage),
      }),
      answer: ledgerAnswer,
      handle: async ({ query: { device: part = '', ...wish } }) => ({
        body: await ledger({ ...wish, part }),
      }),
    }),
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/quarantine',
      summary: 'What was refused and why, the most recent first',
      query: z.object({ device, reason }),
      answer: quarantineAnswer,
      handle: ({ query }) => ({ body: quarantine.list(query, groupsShown) }),
    }),
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/quarantine/:id',
      summary: 'One group of refusals with its newest raw messages',
      params: groupParams,
      answer: quarantineGroupAnswer,
      refusals: [404],
      handle: ({ params: { id } }) => {
        const group = quarantine.show(id)
        return group ? { body: group } : unknownGroup(id)
      },
    }),
  ]
}

function acting({ quarantine, log }: DashboardDeps): Route[] {
  return [
    route({
      ...asked,
      method: 'post',
      path: '/api/v1/quarantine/replay',
      summary: 'Judges again what lies in quarantine, all of it or what fits; for engineers and admins',
      body: z.object({ id: z.int().min(1).exactOptional(), device, reason }),
      answer: replayAnswer,
      refusals: [403, 409],
      async handle({ body, session }) {
        if (!session || !isEngineer(session)) return forbidden
        const done = await quarantine.replay(body)
        if (!done.ok) return { problem: problem(409, done.reason) }
        log.info({ who: session.name, ...body, ...done.result }, 'the quarantine was replayed')
        return { body: done.result }
      },
    }),
    route({
      ...asked,
      method: 'post',
      path: '/api/v1/quarantine/:id/discard',
      summary:
        'Forgets a group and its raw messages; in the ledger they stay quarantined. Engineers and admins',
      params: groupParams,
      answer: discardAnswer,
      refusals: [403, 404, 409],
      handle({ params: { id }, session }) {
        if (!session || !isEngineer(session)) return forbidden
        const done = quarantine.discard(id)
        if (!done.ok) return { problem: problem(409, done.reason) }
        if (!done.result.discarded) return unknownGroup(id)
        log.info({ who: session.name, group: id }, 'a group of the quarantine was discarded')
        return { body: done.result }
      },
    }),
  ]
}

function unknownGroup(id: number) {
  return { problem: problem(404, `there is no group ${id} in quarantine`) }
}
