import { timeoutHeader } from '@ordinal/deadline'
import { problemMediaType, type CommonCode, type ErrorTable } from '@ordinal/errors'
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiResponseObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi'
import { isTagged } from './conditions'
import { bodyMediaOf, type Route } from './route'
import { linePatterns, problem } from './schemas'
import { shareComponents } from './share-components'

export type OpenApiDocument = ReturnType<typeof createDocument>

type Description = Record<'title' | 'description' | 'version', string>

/** What holds for all routes of a service. */
interface Shared {
  /** Whether the service looks at the Authorization header. */
  takesTokens: boolean
  /** Whether administrators can make keys that it takes. */
  managesKeys?: boolean
  errors: ErrorTable
}

/** The OpenAPI 3.1 document of a service, made from the schemas that validate its requests. */
export function openApiDocument(
  info: Description,
  routes: readonly Route[],
  shared: Shared,
): OpenApiDocument {
  const { takesTokens } = shared
  const paths: ZodOpenApiPathsObject = {}
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operation(route, shared)
  const document = createDocument(
    {
      openapi: '3.1.0',
      info: {
        ...info,
        description: `${info.description}\n\n${ofEveryAnswer}`,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      // Wherever the document is.
      servers: [{ url: '/' }],
      paths,
      components: {
        schemas: { Line: lineSchema },
        headers,
        securitySchemes: { ...(takesTokens && { token }), apiKey },
      },
    },
    {
      override({ jsonSchema, io }) {
        withoutLimitsOfNumbers(jsonSchema)
        // A later release may answer more: who takes only these fields would break.
        if (io === 'output' && jsonSchema.additionalProperties === false)
          delete jsonSchema.additionalProperties
        // Names of fields are texts.
        delete jsonSchema.propertyNames
        // The format says it all.
        if (jsonSchema.format === 'date') delete jsonSchema.pattern
        if (jsonSchema.format === 'date-time') withoutFormat(jsonSchema)
        withLineShared(jsonSchema)
      },
    },
  )
  withoutPatternsOfReferences(document)
  return shareComponents(document)
}

/** Zod leaves a pattern beside a reference where the override has shortened the one that it refers to. */
function withoutPatternsOfReferences(part: unknown): void {
  if (typeof part !== 'object' || part === null) return
  if ('$ref' in part) Reflect.deleteProperty(part, 'pattern')
  Object.values(part).forEach(withoutPatternsOfReferences)
}

/** Each whole number has the bounds of a number in JavaScript, which say nothing. */
function withoutLimitsOfNumbers(schema: { minimum?: unknown; maximum?: unknown }): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
}

/** The format says which dates and times there are, in any zone: of the pattern stays what it says of those in UTC. */
function withoutFormat(schema: { pattern?: string }): void {
  const ofTime = schema.pattern?.replace(/^\^.*T(?=\()/, 'T')
  if (ofTime?.includes('[+-]')) delete schema.pattern
  else if (ofTime) schema.pattern = ofTime
}

/** What every text of one line must be, in `components` once: in place its patterns would be half of most schemas. */
const lineSchema = {
  type: 'string' as const,
  description: 'One line, without control, invisible or bidirectional characters',
  allOf: linePatterns.map((pattern) => ({ pattern: pattern.source })),
}

function withLineShared(schema: { allOf?: object[] }): void {
  if (JSON.stringify(schema.allOf) === JSON.stringify(lineSchema.allOf))
    schema.allOf = [{ $ref: '#/components/schemas/Line' }]
}

const ofEveryAnswer =
  'Every operation has a `default` answer: the errors that any such request can meet, also under a status that the operation ' +
  'has for others. What a code means, and what to do, is at `/errors/{code}`. X-Request-Id and RateLimit-… are in its other answers too.'

const token = {
  type: 'http' as const,
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description:
    'Its claim `role` or `roles` has viewer, operator or admin; each may do what those before may.',
}
const apiKey = {
  type: 'apiKey' as const,
  in: 'header' as const,
  name: 'X-API-Key',
  description:
    'For machines: a key has the role operator, or scopes, as `security` names them. It is not rate limited.',
}

/** Who may call: anyone; any key or token; or a token of the role, or a machine's key where its role is enough. */
function securityOf({ requires, access }: Route, takesTokens: boolean): Record<string, string[]>[] {
  const key = { apiKey: [...(access?.scopes ?? [])] }
  const known = [...(takesTokens ? [{ token: [] }] : []), key]
  if (requires === undefined) return [{}, ...known]
  if (requires === 'caller') return known
  const withToken = { token: [requires] }
  return requires === 'admin' ? [withToken] : [withToken, key]
}

const text = { type: 'string' as const }
const formMedia = 'multipart/form-data'
const formOfFile = {
  type: 'object' as const,
  properties: { file: { ...text, description: 'The one file; its field may have any name' } },
  required: ['file'],
}
const whole = { type: 'integer' as const }

/** The headers of answers. Each answer has those that apply to it. */
const headers = {
  'X-Request-Id': {
    description: 'The id of the request in logs: as it was sent, or generated',
    schema: text,
  },
  ETag: {
    description: 'The version, and what else the answer depends on; for If-Match and If-None-Match',
    schema: text,
  },
  Location: { description: 'The path of what was created', schema: text },
  'Idempotency-Replayed': {
    description: '`true` if this is the answer that the same Idempotency-Key got before',
    schema: { ...text, enum: ['true'] },
  },
  'Retry-After': { description: 'Seconds until another try makes sense', schema: whole },
  'Accept-Patch': { description: 'The media types that a PATCH takes', schema: text },
  'WWW-Authenticate': { description: 'How to authenticate, and what was wrong', schema: text },
  'RateLimit-Limit': {
    description: 'Requests a second of one client, where there is a limit',
    schema: whole,
  },
  'RateLimit-Remaining': { description: 'How many of them are left', schema: whole },
  'RateLimit-Reset': { description: 'Seconds until all of them are there again', schema: whole },
}
type HeaderName = keyof typeof headers

/** References to headers, if there are any. */
const headersOf = (names: readonly HeaderName[]) =>
  names.length > 0 && {
    headers: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
  }

function parametersOf(route: Route) {
  const parameters = [
    ...(route.idempotent ? [idempotencyKey] : []),
    ...(route.conditional || isTagged(route) ? [ifMatch] : []),
    ...(isTagged(route) ? [ifNoneMatch] : []),
    ...(route.timed ? [timeout] : []),
  ]
  return parameters.length > 0 && { parameters }
}

function operation(route: Route, shared: Shared): ZodOpenApiOperationObject {
  const { params, query, body } = route
  return {
    summary: route.summary,
    tags: [route.tag],
    operationId: operationId(route),
    ...((params ?? query) && { requestParams: { ...(params && { path: params }), ...(query && { query }) } }),
    ...parametersOf(route),
    ...(body && {
      requestBody: {
        required: !body.safeParse(undefined).success,
        content: Object.fromEntries(bodyMediaOf(route).map((media) => [media, { schema: body }])),
      },
    }),
    ...(route.upload && {
      requestBody: {
        required: true,
        content: Object.fromEntries(
          route.upload.map((media) => [media, { schema: media === formMedia ? formOfFile : text }]),
        ),
      },
    }),
    // Probes ask nobody who they are.
    security: route.probe ? [] : securityOf(route, shared.takesTokens),
    ...accessOf(route),
    responses: bothOf(successes(route), failures(route, shared)),
  }
}

/** What it needs of its caller, for tools that look for it. */
const accessOf = ({ requires, access }: Route) => ({
  ...(requires && { 'x-required-role': requires }),
  ...(access?.own && { 'x-own-only': 'customer' }),
})

type Responses = Record<string, ZodOpenApiResponseObject>

/** A status can be an answer and a refusal: a health page is 503 when something is down, and when too many ask for it. */
function bothOf(successes: Responses, failures: Responses): Responses {
  const responses: Responses = { ...successes, ...failures }
  for (const status in failures) {
    const [success, failure] = [successes[status], failures[status]!]
    if (!success) continue
    responses[status] = { ...failure, content: { ...success.content, ...failure.content } }
  }
  return responses
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
  description:
    'Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version',
  schema: { type: 'string' as const, examples: ['"1"'] },
}

const ifNoneMatch = {
  name: 'If-None-Match',
  in: 'header' as const,
  description: 'Only if the ETag is none of these: else 304, without a body. Weak tags count as strong ones',
  schema: { type: 'string' as const, examples: ['"1"'] },
}

const timeout = {
  name: timeoutHeader,
  in: 'header' as const,
  description: 'How many milliseconds the caller waits: what has not begun by then is not begun.',
  schema: { type: 'integer' as const, minimum: 1, maximum: 3_600_000 },
}

function successes(route: Route): Responses {
  const unchanged = {
    description: 'If-None-Match has the ETag; no body',
    ...headersOf(['ETag']),
  }
  return { ...answersOf(route), ...(isTagged(route) && { 304: unchanged }) }
}

function answersOf(route: Route): Responses {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, schema]) => [
      status,
      {
        ...(schema
          ? {
              description: 'Done',
              content: Object.fromEntries([route.media].flat().map((media) => [media, { schema }])),
            }
          : { description: 'Done; no body' }),
        ...headersOf([...route.headers, ...(route.idempotent ? replayed : [])]),
      },
    ]),
  )
}

const replayed = ['Idempotency-Replayed'] as const

// What is refused before the route is known, and what any route can meet.
const anywhere = [
  'malformed_request',
  'condition_not_supported',
  'expectation_failed',
  'host_not_allowed',
  'headers_too_large',
  'request_timeout',
  'internal_error',
] as const satisfies CommonCode[]

/**
 * The errors that are the same whatever is asked for. All probes name the same, and so do all other operations, so that the
 * document has them once: those of bodies, conditions and limits, too, where there may be none.
 */
const commonCodes = ({ probe }: Route, { takesTokens, managesKeys }: Shared): string[] =>
  probe
    ? [...anywhere, 'overloaded', 'rate_limited']
    : [
        ...anywhere,
        ...ofCalls,
        ...ofChanges,
        ...(takesTokens ? ['invalid_token', 'token_keys_unavailable', 'role_too_low'] : []),
        ...(managesKeys ? ['api_keys_unavailable'] : []),
      ]

const ofCalls = [
  'malformed_url',
  'authentication_required',
  'invalid_api_key',
  // A key with scopes is held to them also where anyone may call.
  'scope_missing',
  'version_mismatch',
  'rate_limited',
  'overloaded',
  'database_unavailable',
  'deadline_exceeded',
] as const satisfies CommonCode[]

const ofChanges = [
  'malformed_json',
  'json_too_complex',
  'invalid_idempotency_key',
  'cross_site_request',
  'body_too_large',
  'unsupported_media_type',
  'idempotency_key_reused',
  'outcome_unknown',
] as const satisfies CommonCode[]

/** The errors of a route, besides those that are common. */
function ownCodes(route: Route, common: readonly string[]): string[] {
  const codes = [...route.errors, 'validation_failed'].filter((code) => !common.includes(code))
  if (route.params && 'id' in route.params.shape) codes.push('invalid_id')
  // Its answer says which types there are.
  if (route.upload || route.method === 'patch') codes.push('unsupported_media_type')
  return codes
}

interface Kind {
  code: string
  status: number
  title: string
}

/** The errors of a route by status, and as `default` those that any request can meet. */
function failures(route: Route, shared: Shared): Responses {
  const { errors } = shared
  const kindsOf = (codes: readonly string[]): Kind[] =>
    [...new Set(codes)].map((code) => ({ code, ...errors[code]! }))
  const ofAll = commonCodes(route, shared)
  const common = kindsOf(ofAll)
  // Under a status that the route answers itself, `default` would say nothing of errors.
  const own = [...kindsOf(ownCodes(route, ofAll)), ...common.filter(({ status }) => status in route.answers)]
  const statuses = [...new Set(own.map(({ status }) => status))]
  return {
    ...Object.fromEntries(
      statuses.map((status) => [
        String(status),
        failure(
          route,
          status,
          own.filter((kind) => kind.status === status),
        ),
      ]),
    ),
    default: commonFailure(route, common),
  }
}

function commonFailure({ probe }: Route, kinds: readonly Kind[]): ZodOpenApiResponseObject {
  const limits = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'] as const
  const statuses = [...new Set(kinds.map(({ status }) => status))].sort((a, b) => a - b)
  const codesOf = (status: number) =>
    kinds.flatMap((kind) => (kind.status === status ? [`\`${kind.code}\``] : [])).join(', ')
  return {
    // What they mean is at /errors/{code}: here it would be there several times.
    description: statuses.map((status) => `${status} ${codesOf(status)}`).join('\n\n'),
    content: { [problemMediaType]: { schema: problem } },
    ...headersOf([
      'X-Request-Id',
      ...limits,
      ...(kinds.some(({ status }) => mayRetry(status)) ? (['Retry-After'] as const) : []),
      ...(probe ? [] : (['WWW-Authenticate'] as const)),
    ]),
  }
}

const mayRetry = (status: number) => status === 429 || status === 503

/** Whether a conflict goes away by waiting. */
const isTemporary = ({ code }: { code: string }) =>
  code === 'idempotency_key_in_use' || code.endsWith('_under_way')

function failure(route: Route, status: number, kinds: readonly Kind[]): ZodOpenApiResponseObject {
  const told: HeaderName[] = []
  if (mayRetry(status) || kinds.some(isTemporary)) told.push('Retry-After')
  if (status === 401 || status === 403) told.push('WWW-Authenticate')
  if (status === 415 && route.method === 'patch') told.push('Accept-Patch')
  return {
    description: kinds.map(({ code, title }) => `\`${code}\`: ${title}`).join('\n\n'),
    content: { [problemMediaType]: { schema: problem } },
    ...headersOf(told),
  }
}
