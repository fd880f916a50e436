import express, { type Request, type Response, type Router } from 'express'
import { rateLimit } from 'express-rate-limit'
import type { Sources } from '../view/sources.ts'
import { historyRoute } from './history-route.ts'
import { openApi } from './openapi.ts'
import type { DashboardDeps } from './ports.ts'
import { problem, sendProblem } from './problem.ts'
import { publicRoutes } from './public-routes.ts'
import type { Answer, Route } from './route.ts'
import { clearSessionCookie, sessionTokenOf, setSessionCookie } from './session-cookie.ts'
import { staffRoutes } from './staff-routes.ts'

/** The table of the whole API. */
export function apiRoutes(deps: DashboardDeps, sources: () => Sources): readonly Route[] {
  return [...publicRoutes(deps, sources), ...staffRoutes(deps, sources), historyRoute(deps)]
}

const bodyLimit = '16kb'
/** Failed sign-ins from one address in a minute. */
const loginFailures = { windowMs: 60_000, limit: 20 }

export interface SessionEvents {
  /** Somebody signed out, on whichever screen. */
  ended(token: string): void
}

export function apiRouter(
  routes: readonly Route[],
  { deps, sessions }: { deps: DashboardDeps; sessions: SessionEvents },
): Router {
  const router = express.Router()
  router.post('/api/v1/session', loginLimiter())
  router.use('/api', express.json({ limit: bodyLimit }))
  const document = openApi(routes)
  router.get('/api/v1/openapi.json', (_request, response) => {
    response.json(document)
  })
  for (const route of routes) {
    router[route.method](route.path, (request, response) =>
      serve(route, { request, response, deps, sessions }),
    )
  }
  router.use('/api', (request, response) => {
    sendProblem(response, problem(404, `there is no ${request.method} ${request.baseUrl}${request.path}`))
  })
  return router
}

async function serve(
  route: Route,
  {
    request,
    response,
    deps,
    sessions,
  }: { request: Request; response: Response; deps: DashboardDeps; sessions: SessionEvents },
): Promise<void> {
  const token = sessionTokenOf(request.headers.cookie)
  const session =
    route.access === 'staff' && token !== undefined ? await deps.staff.session(token) : undefined
  if (route.access === 'staff' && !session) return sendProblem(response, problem(401, 'sign in first'))
  const body: unknown = request.body
  const answer = await route.run({ params: request.params, query: request.query, body, session })
  // What staff or the present moment sees is nobody else's: no cache in between may keep it.
  response.set('Cache-Control', 'no-store')
  if ('problem' in answer) return sendProblem(response, answer.problem)
  changeCookie(response, answer)
  if (answer.cookie === 'cleared' && session) sessions.ended(session.token)
  if (route.status === 204) response.status(204).end()
  else response.status(route.status).json(answer.body)
}

function changeCookie(response: Response, { cookie }: Exclude<Answer<unknown>, { problem: unknown }>): void {
  if (cookie === 'cleared') clearSessionCookie(response)
  else if (cookie) setSessionCookie(response, cookie)
}

function loginLimiter() {
  return rateLimit({
    ...loginFailures,
    skipSuccessfulRequests: true,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: (_request, response) => {
      sendProblem(response, problem(429, 'too many failed sign-ins; wait a minute'))
    },
  })
}
