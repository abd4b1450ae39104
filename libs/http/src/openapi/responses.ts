import { problemMediaType } from '@ordinal/errors'
import type { ZodOpenApiResponseObject } from 'zod-openapi'
import { isTagged } from '../conditions'
import type { Route } from '../route'
import { problem } from '../schemas'
import { commonCodes, ownCodes } from './error-codes'
import { headersOf, type HeaderName } from './headers'
import type { Shared } from './shared'

type Responses = Record<string, ZodOpenApiResponseObject>

/** What a route answers, by status, and as `default` the errors that any request can meet. */
export const responsesOf = (route: Route, shared: Shared): Responses =>
  bothOf(successes(route), failures(route, shared))

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

function commonFailure({ unlimited, probe }: Route, kinds: readonly Kind[]): ZodOpenApiResponseObject {
  const limits = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'] as const
  const sorted = [...kinds].sort((a, b) => a.status - b.status)
  return {
    // What they mean is at /errors/{code}: here it would be there several times.
    description: sorted.map(({ status, code }) => `${status} \`${code}\``).join('\n\n'),
    content: { [problemMediaType]: { schema: problem } },
    ...headersOf([
      'X-Request-Id',
      ...(unlimited ? [] : limits),
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
