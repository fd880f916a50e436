import { createRequire } from 'node:module'
import type { RequestHandler } from 'express'
import type { Server } from 'node:http'
import { z } from 'zod'

/** The part of Node-RED that we use. It comes without types; this is where they are checked. */
export interface NodeRed {
  init(server: Server, settings: Record<string, unknown>): void
  start(): Promise<void>
  stop(): Promise<void>
  readonly httpAdmin: RequestHandler
  readonly httpNode: RequestHandler
}

const callable = <Type>(name: string) =>
  z.custom<Type>((value) => typeof value === 'function', `Node-RED has no ${name}`)

const nodeRed = z.custom<NodeRed>(
  (value) =>
    z.object({ init: callable('init'), start: callable('start'), stop: callable('stop') }).safeParse(value)
      .success,
  'this is not Node-RED',
)

/** Loaded when needed: it costs a second and 60 MB. Its `httpAdmin` and `httpNode` exist after `init`. */
export function loadNodeRed(): NodeRed {
  return nodeRed.parse(createRequire(import.meta.url)('node-red'))
}
