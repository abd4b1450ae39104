import { errorTable, problemMediaType, type ErrorCode } from '@ordinal/errors'
import type { Role } from '@ordinal/middleware'
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import type { Route } from './route'
import { problem } from './schemas'

export type OpenApiDocument = ReturnType<typeof createDocument>

type Description = Record<'title' | 'description' | 'version', string>

/**
 * The OpenAPI 3.1 document of a service, made from the schemas that validate its requests.
 *
 * @param takesTokens whether the service looks at the Authorization header
 */
export function openApiDocument(
  info: Description,
  routes: readonly Route[],
  { takesTokens }: { takesTokens: boolean },
): OpenApiDocument {
  const paths: ZodOpenApiPathsObject = {}
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operation(route, takesTokens)
  return createDocument({
    openapi: '3.1.0',
    info,
    paths,
    ...(takesTokens && { components: { securitySchemes } }),
  })
}

const securitySchemes = {
  token: {
    type: 'http' as const,
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'Its claim `role` or `roles` has viewer, operator or admin; each may do what those before may.',
  },
  apiKey: {
    type: 'apiKey' as const,
    in: 'header' as const,
    name: 'X-API-Key',
    description: 'For machines: a key has the role operator.',
  },
}

/** Who may call: with a token of the role, or with the key of a machine where that role is enough. */
function securityOf(requires: Role): Record<string, string[]>[] {
  const token = { token: [requires] }
  return requires === 'admin' ? [token] : [token, { apiKey: [] }]
}

function operation(route: Route, takesTokens: boolean): ZodOpenApiOperationObject {
  const { params, query, body } = route
  return {
    summary: route.summary,
    tags: [route.tag],
    operationId: operationId(route),
    requestParams: { ...(params && { path: params }), ...(query && { query }) },
    parameters: [...(route.idempotent ? [idempotencyKey] : []), ...(route.conditional ? [ifMatch] : [])],
    ...(body && {
      requestBody: {
        required: !body.safeParse(undefined).success,
        content: { 'application/json': { schema: body } },
      },
    }),
    ...(route.upload && {
      requestBody: {
        required: true,
        content: Object.fromEntries(
          route.upload.map((media) => [media, { schema: { type: 'string' as const } }]),
        ),
      },
    }),
    ...(route.requires && { security: securityOf(route.requires) }),
    responses: { ...successes(route), ...failures(route, takesTokens) },
  }
}

/** `GET /api/v1/users/{id}` -> `get_users_id`. */
const operationId = ({ method, path }: Route) =>
  [method, ...(path.replace(/^\/api\/v1/, '').match(/\w+/g) ?? [])].join('_')

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  description: 'Makes the request safe to repeat: the same key with the same request gets the same answer.',
  schema: { type: 'string' as const, maxLength: 255 },
}

const ifMatch = {
  name: 'If-Match',
  in: 'header' as const,
  description: 'Only if it still is what an ETag said: else nothing changes.',
  schema: { type: 'string' as const, examples: ['"1"'] },
}

function successes(route: Route) {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, schema]) => [
      status,
      schema
        ? { description: 'Done', content: { [route.media]: { schema } } }
        : { description: 'Done; no body' },
    ]),
  )
}

/** The errors of a route by status: its own, and those that any request of its kind can meet. */
function failures(route: Route, takesTokens: boolean) {
  const codes: ErrorCode[] = [...route.errors, 'validation_failed', 'internal_error']
  if (!route.probe) codes.push('invalid_api_key', 'rate_limited', 'database_unavailable')
  if (!route.probe && takesTokens) codes.push('invalid_token', 'token_keys_unavailable')
  if (route.requires) codes.push('authentication_required', 'role_too_low')
  if (route.params) codes.push('malformed_url')
  if (route.params && 'id' in route.params.shape) codes.push('invalid_id')
  if (route.body) codes.push('malformed_json', 'body_too_large', 'unsupported_media_type', 'request_timeout')
  if (route.upload) codes.push('unsupported_media_type', 'request_timeout')
  if (route.idempotent) codes.push('invalid_idempotency_key')

  const statuses = new Set(codes.map((code) => errorTable[code].status))
  return Object.fromEntries([...statuses].map((status) => [String(status), failure(status, codes)]))
}

function failure(status: number, codes: readonly ErrorCode[]) {
  const titles = new Set(codes.filter((code) => errorTable[code].status === status))
  return {
    description: [...titles].map((code) => `\`${code}\`: ${errorTable[code].title}`).join('\n\n'),
    content: { [problemMediaType]: { schema: problem } },
  }
}
