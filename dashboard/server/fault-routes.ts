import { z } from 'zod'
import { severities } from '../../estate/work-order.ts'
import { forbidden, isEngineer } from './engineers.ts'
import { doneAnswer, faultsAnswer, instructionsAnswer, outOfServiceAnswer } from './fault-schemas.ts'
import type { AlarmView, DashboardDeps, FaultDesk, FaultInstruction, Session } from './ports.ts'
import { problem, type Problem } from './problem.ts'
import { nothing, route, type Route } from './route.ts'

/** Alarms, and what people say to them. Everybody who works here may acknowledge; who deals with plant and devices may
 *  shelve, reset, and take places out of service, always with a reason and for a limited time.
 *
 *  The key of an alarm (`H02.level|hengkang-b07|hengkang-b07-heat`) has bars in it; its id is the same with tildes,
 *  which need no escape in a path. */
const instructionsAPage = 200

const asked = { access: 'staff', params: nothing, query: nothing, body: nothing } as const
const word = z.string().max(64).exactOptional()
const why = z.string().trim().min(1).max(1_000)
const untilMs = z.int().min(0).describe('epoch ms')
const id = z.string().max(400)

export function faultRoutes({ faults }: DashboardDeps): Route[] {
  return [...looking(faults), ...saying(faults), ...serving(faults)]
}

function looking(desk: FaultDesk): Route[] {
  return [
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/faults',
      summary: 'Every alarm that is not normal, also those that are shelved, suppressed or out of service',
      query: z.object({ state: word, site: word, rule: word, severity: z.enum(severities).exactOptional() }),
      answer: faultsAnswer,
      handle: ({ query }) => ({
        body: {
          faults: desk
            .alarms()
            .filter((alarm) => fits(alarm, query))
            .map(({ why: reason, ...alarm }) => ({ ...alarm, id: idOf(alarm.key), reason })),
        },
      }),
    }),
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/faults/instructions',
      summary: 'What people said to alarms and places, and what came of it; the newest first',
      query: z.object({
        about: id.exactOptional().describe('id of an alarm or a place'),
        before: z.coerce.number<string>().int().min(1).exactOptional(),
      }),
      answer: instructionsAnswer,
      async handle({ query: { about, ...page } }) {
        const subject = about === undefined ? {} : { subject: keyOf(about) }
        const said = await desk.said({ ...page, ...subject, limit: instructionsAPage })
        return { body: { instructions: said.map(({ body, ...entry }) => ({ ...entry, said: body })) } }
      },
    }),
  ]
}

const actions = ['acknowledge', 'reset', 'shelve', 'unshelve', 'take-out', 'put-back'] as const

function saying(desk: FaultDesk): Route[] {
  return [
    route({
      ...asked,
      method: 'post',
      path: '/api/v1/faults/:fault/:action',
      summary:
        'Says something to an alarm; 409 says why nothing came of it. Reset, shelve and take-out need a reason, shelve (8 h at most, never P1) and take-out (7 days at most) an end. All but acknowledge: engineers and admins',
      params: z.object({ fault: id, action: z.enum(actions) }),
      body: z.object({ why: why.exactOptional(), untilMs: untilMs.exactOptional() }),
      answer: doneAnswer,
      refusals: [403, 409],
      async handle({ params: { fault, action }, body, session }) {
        if (!session || (action !== 'acknowledge' && !isEngineer(session))) return forbidden
        const said = instructionOf({ key: keyOf(fault), action, body, session })
        return 'problem' in said ? said : tell(desk, said)
      },
    }),
  ]
}

function serving(desk: FaultDesk): Route[] {
  return [
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/out-of-service',
      summary: 'What is out of service: by whom, why and until when',
      answer: outOfServiceAnswer,
      handle: () => ({ body: { outOfService: desk.outOfService() } }),
    }),
    route({
      ...asked,
      method: 'post',
      path: '/api/v1/out-of-service',
      summary:
        'Takes a node, device or site, with all below it, out of service for seven days at most. Engineers and admins',
      body: z.object({ target: id, why, untilMs }),
      answer: doneAnswer,
      refusals: [403, 409],
      async handle({ body: { target, ...body }, session }) {
        if (!session || !isEngineer(session)) return forbidden
        return tell(desk, { action: 'take-out', target: keyOf(target), by: session.name, ...body })
      },
    }),
    route({
      ...asked,
      method: 'delete',
      path: '/api/v1/out-of-service/:target',
      summary: 'Puts it back into service before its time. Engineers and admins',
      params: z.object({ target: id }),
      answer: doneAnswer,
      refusals: [403, 409],
      async handle({ params: { target }, session }) {
        if (!session || !isEngineer(session)) return forbidden
        return tell(desk, { action: 'put-back', target: keyOf(target), by: session.name })
      },
    }),
  ]
}

async function tell(desk: FaultDesk, said: FaultInstruction) {
  const answered = await desk.say(said)
  if (answered.type === 'refused') return { problem: problem(409, answered.reason) }
  return { body: { outcome: answered.type } }
}

interface Words {
  key: string
  action: (typeof actions)[number]
  body: { why?: string; untilMs?: number }
  session: Session
}

function instructionOf({ key, action, body, session }: Words): FaultInstruction | { problem: Problem } {
  const by = session.name
  switch (action) {
    case 'acknowledge':
    case 'unshelve':
      return { action, alarm: key, by }
    case 'put-back':
      return { action, target: key, by }
    case 'reset':
      return body.why === undefined ? missing('why') : { action, alarm: key, by, why: body.why }
    case 'shelve':
    case 'take-out': {
      if (body.why === undefined || body.untilMs === undefined)
        return missing(...(['why', 'untilMs'] as const).filter((field) => body[field] === undefined))
      const how = { by, why: body.why, untilMs: body.untilMs }
      return action === 'shelve' ? { action, alarm: key, ...how } : { action, target: key, ...how }
    }
  }
}

const expected = { why: 'expected a reason', untilMs: 'expected an end, epoch ms' }

function missing(...fields: readonly (keyof typeof expected)[]): { problem: Problem } {
  const errors = fields.map((field) => ({ field: `body.${field}`, detail: expected[field] }))
  return { problem: problem(400, errors.map(({ field }) => field).join(', '), { errors }) }
}

type Filter = Partial<Pick<AlarmView, 'state' | 'site' | 'rule' | 'severity'>>

function fits(alarm: AlarmView, filter: Filter): boolean {
  return (
    (filter.state === undefined || filter.state === alarm.state) &&
    (filter.site === undefined || filter.site === alarm.site) &&
    (filter.rule === undefined || filter.rule === alarm.rule) &&
    (filter.severity === undefined || filter.severity === alarm.severity)
  )
}

function idOf(alarmKey: string): string {
  return alarmKey.replaceAll('|', '~')
}

/** Of an id, or of a key as it is. */
function keyOf(faultId: string): string {
  return faultId.replaceAll('~', '|')
}
