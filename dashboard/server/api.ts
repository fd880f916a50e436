import express, { type Request, type RequestHandler, type Response, type Router } from 'express'
import { rateLimit } from 'express-rate-limit'
import type { Sources } from '../view/sources.ts'
import { historyRoute } from './history-route.ts'
import { openApi } from './openapi.ts'
import type { DashboardDeps, Session } from './ports.ts'
import { problem, sendProblem } from './problem.ts'
import { publicRoutes } from './public-routes.ts'
import type { CookieChange, Pace, Route, SentFile } from './route.ts'
import { clearSessionCookie, sessionTokenOf, setSessionCookie } from './session-cookie.ts'
import { staffRoutes } from './staff-routes.ts'

/** The table of the whole API. */
export function apiRoutes(deps: DashboardDeps, sources: () => Sources): readonly Route[] {
  return [...publicRoutes(deps, sources), ...staffRoutes(deps, sources), historyRoute(deps)]
}

const bodyLimit = '16kb'
/** Each is held in memory: 64 MiB in all. */
const uploadsAtOnce = 8
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
  const admitted = new WeakMap<Request, Session>()
  for (const route of routes) {
    router[route.method](route.path, ...doors(route, { deps, admitted }), (request, response) =>
      serve(route, { request, response, session: admitted.get(request), sessions }),
    )
  }
  router.use('/api', (request, response) => {
    sendProblem(response, problem(404, `there is no ${request.method} ${request.baseUrl}${request.path}`))
  })
  return router
}

/** What a request has to pass before it is heard: first who asks, then how often, and only then what they bring. */
function doors(
  route: Route,
  { deps, admitted }: { deps: DashboardDeps; admitted: WeakMap<Request, Session> },
): RequestHandler[] {
  const signedIn: RequestHandler = async (request, response, next) => {
    const token = sessionTokenOf(request.headers.cookie)
    const session = token === undefined ? undefined : await deps.staff.session(token)
    if (!session) return sendProblem(response, problem(401, 'sign in first'))
    admitted.set(request, session)
    next()
  }
  return [
    ...(route.access === 'staff' ? [signedIn] : []),
    ...(route.pace ? [pacer(route.pace, (request) => admitted.get(request)?.name ?? '')] : []),
    ...(route.upload
      ? [uploadGate(), express.raw({ type: () => true, limit: route.upload.limitBytes })]
      : []),
  ]
}

/** An upload is held in memory until it is whole, so that one that dies half-way leaves nothing behind. */
function uploadGate(): RequestHandler {
  let underWay = 0
  return (_request, response, next) => {
    if (underWay >= uploadsAtOnce) {
      response.set('Retry-After', '5')
      return sendProblem(response, problem(503, `${uploadsAtOnce} uploads are under way; try again`))
    }
    underWay++
    response.once('close', () => underWay--)
    next()
  }
}

async function serve(route: Route, { request, response, session, sessions }: Serving): Promise<void> {
  const body: unknown = request.body
  const answer = await route.run({ params: request.params, query: request.query, body, session })
  // What staff or the present moment sees is nobody else's: no cache in between may keep it.
  response.set('Cache-Control', 'no-store')
  if ('problem' in answer) return sendProblem(response, answer.problem)
  if ('file' in answer) return sendFile(response, answer.file)
  changeCookie(response, answer)
  if (answer.cookie === 'cleared' && session) sessions.ended(session.token)
  if (route.status === 204) response.status(204).end()
  else response.status(route.status).json(answer.body)
}

interface Serving {
  request: Request
  response: Response
  session: Session | undefined
  sessions: SessionEvents
}

/** The type is the one we found, the browser may guess no other (`nosniff`), and nothing in it may run. */
function sendFile(response: Response, { path, media, name }: SentFile): void {
  response.set({
    'Content-Type': media,
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; sandbox",
  })
  response.set('Content-Disposition', `inline; filename="${name}"`)
  response.sendFile(path, { cacheControl: false, dotfiles: 'allow' }, (error?: NodeJS.ErrnoException) => {
    if (!error || response.headersSent) return
    sendProblem(response, problem(404, 'the file is gone'))
  })
}

function changeCookie(response: Response, { cookie }: { cookie?: CookieChange }): void {
  if (cookie === 'cleared') clearSessionCookie(response)
  else if (cookie) setSessionCookie(response, cookie)
}

function pacer({ windowMs, limit }: Pace, who: (request: Request) => string) {
  return rateLimit({
    windowMs,
    limit,
    keyGenerator: (request) => who(request),
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: (_request, response) => {
      sendProblem(response, problem(429, `${limit} in ${windowMs / 1_000} s are the most; wait a while`))
    },
  })
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
