import express, { type Router } from 'express'
import type { DashboardDeps } from './ports.ts'
import { problem, sendProblem } from './problem.ts'

/** What supervisors and Prometheus ask: alive, able to take readings, and how much of everything. */
export function vitals({ health, metricsText }: Pick<DashboardDeps, 'health' | 'metricsText'>): Router {
  const router = express.Router()
  router.get('/healthz', (_request, response) => {
    response.json({ ok: true })
  })
  router.get('/readyz', async (_request, response) => {
    const { ok, details } = await health()
    if (ok) return void response.json({ ok, details })
    const reasons = Object.fromEntries(
      Object.entries(details).flatMap(([part, { ok, detail }]) => (ok ? [] : [[part, detail]])),
    )
    sendProblem(response, problem(503, 'readings cannot be taken now', { reasons }))
  })
  router.get('/metrics', async (_request, response) => {
    response.type('text/plain; version=0.0.4; charset=utf-8').send(await metricsText())
  })
  return router
}
