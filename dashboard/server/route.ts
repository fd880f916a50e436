import { z } from 'zod'
import type { Session } from './ports.ts'
import { problem, type Problem } from './problem.ts'

/** One API call, declared once: express routes it, the OpenAPI document describes it, and a test walks the list
 *  to see that no stranger gets in. `route` ties the handler's types to the schemas: what it is given was
 *  parsed, and what it answers is cut to the schema of the answer. */
export interface Route {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** As express writes it: `/api/v1/sites/:site/chargers`. */
  path: string
  /** `staff` needs a session; nobody else reaches the handler. */
  access: 'public' | 'staff'
  summary: string
  params: z.ZodObject
  query: z.ZodObject
  body: z.ZodObject
  /** Takes the bytes of a file instead of JSON, whatever the sender calls them. */
  upload?: Upload
  /** How often one person may call it. */
  pace?: Pace
  /** Answers with a file of one of these media types instead of JSON. */
  sends?: readonly string[]
  /** Of the good answer; 204 has no body. */
  status: 200 | 201 | 204
  answer: z.ZodObject
  /** What it may refuse with besides 400 and, for staff, 401. */
  refusals: readonly number[]
  run(asked: Asked): Promise<Answer<unknown>>
}

export interface Upload {
  types: readonly string[]
  limitBytes: number
}

export interface Pace {
  windowMs: number
  limit: number
}

/** A request as it came, before anything about it is believed. */
export interface Asked {
  params: unknown
  query: Readonly<Record<string, unknown>>
  /** JSON, or the bytes of an upload. */
  body: unknown
  session: Session | undefined
}

/** Sets the session cookie, or takes it away. */
export type CookieChange = { token: string; expiresMs: number } | 'cleared'
export type Answer<Body> = { body: Body; cookie?: CookieChange } | { file: SentFile } | { problem: Problem }

export interface SentFile {
  /** On this machine's disk. */
  path: string
  media: string
  /** What a browser calls it when it is saved. */
  name: string
}

interface Declaration<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodObject,
  Reply extends z.ZodObject,
> extends Omit<Route, 'run' | 'status' | 'refusals'> {
  params: Params
  query: Query
  body: Body
  answer: Reply
  status?: Route['status']
  refusals?: readonly number[]
  handle: (call: {
    params: z.output<Params>
    query: z.output<Query>
    body: z.output<Body>
    /** Of an upload; empty where nothing came. */
    bytes: Buffer
    session: Session | undefined
  }) => Answer<z.input<Reply>> | Promise<Answer<z.input<Reply>>>
}

export const nothing = z.object({})

export function route<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodObject,
  Reply extends z.ZodObject,
>({ handle, status = 200, refusals = [], ...declared }: Declaration<Params, Query, Body, Reply>): Route {
  return {
    ...declared,
    status,
    refusals,
    async run({ session, ...asked }) {
      const params = declared.params.safeParse(asked.params)
      const query = declared.query.safeParse(asked.query)
      const bytes = Buffer.isBuffer(asked.body) ? asked.body : Buffer.alloc(0)
      const body = declared.body.safeParse((declared.upload ? undefined : asked.body) ?? {})
      const strange = strangers(asked.query, Object.keys(declared.query.shape))
      if (!params.success || !query.success || !body.success || strange.length > 0) {
        const errors = [
          ...strange,
          ...fieldErrors('path', params.error),
          ...fieldErrors('query', query.error),
          ...fieldErrors('body', body.error),
        ]
        return { problem: problem(400, errors.map(({ field }) => field).join(', '), { errors }) }
      }
      const answer = await handle({ params: params.data, query: query.data, body: body.data, bytes, session })
      if (!('body' in answer)) return answer
      return { ...answer, body: declared.answer.parse(answer.body) }
    },
  }
}

/** A filter that is misspelt would answer with everything, which looks like an answer. */
function strangers(query: Asked['query'], known: readonly string[]): { field: string; detail: string }[] {
  const detail = known.length > 0 ? `expected one of ${known.join(', ')}` : 'expected nothing'
  return Object.keys(query)
    .filter((name) => !known.includes(name))
    .map((name) => ({ field: `query.${name}`, detail }))
}

function fieldErrors(place: string, error: z.ZodError | undefined): { field: string; detail: string }[] {
  return (error?.issues ?? []).map(({ path, message }) => ({
    field: [place, ...path].join('.'),
    detail: message,
  }))
}
