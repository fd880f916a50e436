import { z } from 'zod'
import { parameterVersion } from '../../estate/parameter-book.ts'
import { forbidden, isEngineer } from './engineers.ts'
import type { DashboardDeps, ParameterDesk, Session } from './ports.ts'
import { problem, type Problem } from './problem.ts'
import { nothing, route, type Route } from './route.ts'

/** How faults are judged at a site, or (`*`) in the whole district: read by everybody who works here, changed by
 *  engineers, always with a reason and always as a new version. */
const versionsAPage = 100

const site = z.string().max(64).default('*').describe('a site; without it the whole district')
const why = z.string().trim().min(1).max(1_000)
const basedOn = z.int().min(0).exactOptional().describe('the version you have read; a newer one refuses')
const overrides = parameterVersion.shape.overrides
const asked = { access: 'staff', params: nothing, query: nothing, body: nothing } as const

export function parameterRoutes({ parameters }: DashboardDeps): Route[] {
  return [...reading(parameters), ...changing(parameters), reverting(parameters)]
}

function reading(desk: ParameterDesk): Route[] {
  return [
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/parameters',
      summary: 'What faults are judged by: every parameter in force, and what differs from the layer below',
      query: z.object({ site }),
      answer: sheetOf(desk),
      refusals: [404],
      handle: ({ query }) =>
        desk.isKnown(query.site) ? { body: desk.show(query.site) } : unknown(query.site),
    }),
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/parameters/versions',
      summary: 'Who changed what, when and why, the newest first',
      query: z.object({ site, before: z.coerce.number<string>().int().min(1).exactOptional() }),
      answer: z.object({ versions: z.array(parameterVersion) }),
      refusals: [404],
      async handle({ query: { site: of, ...page } }) {
        if (!desk.isKnown(of)) return unknown(of)
        return { body: { versions: await desk.versions(of, { limit: versionsAPage, ...page }) } }
      },
    }),
  ]
}

function changing(desk: ParameterDesk): Route[] {
  const body = z.object({ set: overrides, why, basedOn })
  const shared = { ...asked, path: '/api/v1/parameters', query: z.object({ site }), body }
  const answer = parameterVersion
  return [
    route({
      ...shared,
      method: 'patch',
      summary: 'Changes some parameters (a JSON merge patch: null takes one back). Engineers and admins',
      answer,
      refusals: [403, 404, 409],
      handle: ({ query, body: { set, ...deed }, session }) =>
        change(desk, { site: query.site, session, wish: { type: 'patch', set }, deed }),
    }),
    route({
      ...shared,
      method: 'put',
      summary: 'Says all that is to differ from the layer below. Engineers and admins',
      answer,
      refusals: [403, 404, 409],
      handle: ({ query, body: { set, ...deed }, session }) =>
        change(desk, { site: query.site, session, wish: { type: 'replace', set }, deed }),
    }),
  ]
}

function reverting(desk: ParameterDesk): Route {
  return route({
    ...asked,
    method: 'post',
    path: '/api/v1/parameters/revert',
    summary:
      'Puts an earlier version in force again, as a new one; 0 = nothing differs. Engineers and admins',
    query: z.object({ site }),
    body: z.object({ version: z.int().min(0), why, basedOn }),
    answer: parameterVersion,
    refusals: [403, 404, 409],
    handle: ({ query, body: { version, ...deed }, session }) =>
      change(desk, { site: query.site, session, wish: { type: 'revert', version }, deed }),
  })
}

interface Change {
  site: string
  session: Session | undefined
  wish: Parameters<ParameterDesk['change']>[1]
  deed: { why: string; basedOn?: number }
}

async function change(desk: ParameterDesk, { site: at, session, wish, deed }: Change) {
  if (!session || !isEngineer(session)) return forbidden
  if (!desk.isKnown(at)) return unknown(at)
  const answer = await desk.change(at, wish, { who: session.name, ...deed })
  if (answer.ok) return { body: answer.version }
  if ('conflict' in answer) return { problem: problem(409, answer.conflict) }
  const place = wish.type === 'revert' ? 'body' : 'body.set'
  const errors = answer.mistakes.map(({ field, detail }) => ({ field: `${place}.${field}`, detail }))
  return { problem: wrong(errors) }
}

function wrong(errors: NonNullable<Problem['errors']>): Problem {
  return problem(400, errors.map(({ field }) => field).join(', '), { errors })
}

function sheetOf({ schema }: ParameterDesk) {
  return z.object({
    site: z.string(),
    version: z.int(),
    overrides,
    values: schema,
    changed: parameterVersion.pick({ who: true, why: true, atMs: true }).exactOptional(),
  })
}

function unknown(at: string) {
  return { problem: problem(404, `there is no site ${at}`) }
}
