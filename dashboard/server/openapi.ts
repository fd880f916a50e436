import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import { problemMedia, problemSchema } from './problem.ts'
import type { Route } from './route.ts'

/** The OpenAPI 3.1 document of the route table: what it says is what express does, for both are made of it. */
export function openApi(routes: readonly Route[]): ReturnType<typeof createDocument> {
  const paths: ZodOpenApiPathsObject = {}
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method]: operation(route) }
  }
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Estate Pulse',
      version: '1',
      description: 'Times are epoch milliseconds; errors are application/problem+json (RFC 9457).',
    },
    paths,
    components: {
      securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'estate_session' } },
    },
  })
}

function operation(route: Route): ZodOpenApiOperationObject {
  const statuses = [400, ...(route.access === 'staff' ? [401] : []), ...route.refusals]
  const json = { 'application/json': { schema: route.answer } }
  const good = route.status === 204 ? {} : { content: route.sends ? filesOf(route.sends) : json }
  return {
    operationId: operationId(route),
    summary: route.summary,
    requestParams: { path: route.params, query: route.query },
    ...(route.upload && { requestBody: { content: filesOf(route.upload.types), required: true } }),
    ...(Object.keys(route.body.shape).length > 0 && {
      requestBody: { content: { 'application/json': { schema: route.body } } },
    }),
    security: route.access === 'staff' ? [{ session: [] }] : [],
    responses: {
      [`${route.status}`]: { description: route.summary, ...good },
      ...Object.fromEntries(
        statuses.map((status) => [
          `${status}`,
          { description: 'Refused', content: { [problemMedia]: { schema: problemSchema } } },
        ]),
      ),
    },
  }
}

function filesOf(media: readonly string[]) {
  const bytes = { type: 'string', format: 'binary' } as const
  return Object.fromEntries(media.map((type) => [type, { schema: bytes }]))
}

/** `get-sites-site-chargers` */
function operationId({ method, path }: Route): string {
  return [method, ...path.replace('/api/v1/', '').replaceAll(':', '').split('/')].join('-')
}
