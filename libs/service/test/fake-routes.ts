import { setImmediate as turn } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from 'pg'
import { z } from 'zod'
import { AppError, defineErrors } from '@ordinal/errors'
import { booleanText, id, idParams, pageOf, pageQuery, route, text, toPage, type Route } from '@ordinal/http'

/** Those of any service, and two of its own. */
export const fakeErrors = defineErrors({
  order_not_found: {
    status: 404,
    title: 'There is no such order',
    cause: 'No order has this id.',
    remedy: 'Look the order up.',
    example: 'There is no order 7',
  },
  user_service_unavailable: {
    status: 503,
    title: 'The user service does not answer',
    cause: 'The user could not be verified.',
    remedy: 'Wait as long as Retry-After says.',
    example: 'User 7 cannot be verified now',
  },
})

class FakeError extends AppError<keyof typeof fakeErrors> {
  static override readonly table = fakeErrors
}

const thing = z.object({ id: id(), name: z.string(), unit_price: z.int() }).meta({ id: 'Thing' })
const newThing = z.strictObject({ name: text(1, 20), unit_price: z.int().min(0).max(1_000) })
const listQuery = z.strictObject({
  ...pageQuery,
  search: text(1, 20).optional(),
  is_active: booleanText().optional(),
})
const things = { tag: 'things', errors: ['order_not_found'] as const }

/** Routes with and without a body, a query and parameters, that issue, fail, wait and ask the database. */
export function fakeRoutes(pool: Pool): Route<keyof typeof fakeErrors>[] {
  const number = {
    path: '/api/v1/next/{prefix}',
    tag: 'numbers',
    params: z.strictObject({ prefix: text(1, 20) }),
  }
  let issued = 0
  const issue = {
    ...number,
    summary: 'Issue a number',
    issues: true,
    answers: { 200: z.object({ counter: z.int() }) },
    handle: () => ({ status: 200 as const, body: { counter: ++issued } }),
  }
  return [
    route({
      ...things,
      method: 'post',
      path: '/api/v1/things',
      summary: 'Create a thing',
      body: newThing,
      idempotent: true,
      answers: { 201: thing },
      headers: ['Location'],
      handle: ({ body }) => ({
        status: 201,
        body: { id: 1, ...body },
        headers: { Location: '/api/v1/things/1' },
      }),
    }),
    route({
      ...things,
      method: 'get',
      path: '/api/v1/things',
      summary: 'List things',
      query: listQuery,
      answers: { 200: pageOf(thing) },
      handle: ({ query }) => ({ status: 200, body: toPage([], 0, query) }),
    }),
    route({
      ...things,
      method: 'get',
      path: '/api/v1/things/{id}',
      summary: 'Read a thing',
      params: idParams,
      answers: { 200: thing },
      headers: ['ETag'],
      handle: ({ params }) => ({
        status: 200,
        body: { id: params.id, name: 'thing', unit_price: 1 },
        headers: { ETag: '"2"' },
      }),
    }),
    route({
      ...things,
      method: 'delete',
      path: '/api/v1/things/{id}',
      summary: 'Delete a thing',
      params: idParams,
      conditional: true,
      answers: { 204: null },
      handle: () => ({ status: 204, body: null }),
    }),
    route({
      ...things,
      method: 'put',
      path: '/api/v1/things/{id}',
      summary: 'Replace a thing, as an administrator',
      params: idParams,
      body: newThing,
      requires: 'admin',
      answers: { 200: thing },
      handle: ({ params, body }) => ({ status: 200, body: { id: params.id, ...body } }),
    }),
    route({
      method: 'get',
      path: '/api/v1/callers/me',
      tag: 'callers',
      summary: 'Who calls',
      requires: 'viewer',
      answers: { 200: z.object({ caller: z.string(), role: z.string() }) },
      handle: ({ context: { caller, role } }) => ({ status: 200, body: { caller, role: role! } }),
    }),
    route({ ...issue, method: 'get' }),
    route({ ...issue, method: 'post' }),
    route({
      method: 'get',
      path: '/api/v1/faults/{kind}',
      tag: 'faults',
      summary: 'Fail',
      params: z.strictObject({ kind: z.string() }),
      answers: { 200: z.null() },
      errors: [
        'order_not_found',
        'user_service_unavailable',
        'idempotency_key_in_use',
        'unsupported_media_type',
      ],
      handle: ({ params }) => fail(params.kind),
    }),
    route({
      method: 'get',
      path: '/api/v1/rows',
      tag: 'rows',
      summary: 'Ask the database',
      query: z.strictObject({ sql: z.string().default('SELECT 1 AS number') }),
      answers: { 200: z.array(z.unknown()) },
      handle: async ({ query }) => ({ status: 200, body: (await pool.query(query.sql)).rows }),
    }),
    route({
      method: 'get',
      path: '/api/v1/slow/{ms}',
      tag: 'slow',
      summary: 'Answer late',
      params: z.strictObject({ ms: z.coerce.number() }),
      timed: true,
      answers: { 200: z.object({ waited_ms: z.number() }) },
      async handle({ params }) {
        slow.underWay += 1
        slow.most = Math.max(slow.most, slow.underWay)
        await delay(params.ms)
        slow.underWay -= 1
        return { status: 200, body: { waited_ms: params.ms } }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/streams/{kind}',
      tag: 'streams',
      summary: 'Answer in pieces',
      params: z.strictObject({ kind: z.string() }),
      media: ['text/csv', 'application/x-ndjson'],
      answers: { 200: z.string() },
      handle: ({ params: { kind } }) => ({
        status: 200,
        body: Readable.from(pieces(kind), { objectMode: false }),
        ...(kind === 'ndjson' && { headers: { 'Content-Type': 'application/x-ndjson' } }),
      }),
    }),
    route({
      method: 'get',
      path: '/api/v1/live',
      tag: 'streams',
      summary: 'Answer for ever',
      media: 'text/event-stream',
      live: true,
      answers: { 200: z.string() },
      handle() {
        const body = new Readable({ read() {} })
        body.push(': first\n\n')
        streams.open += 1
        body.once('close', () => (streams.open -= 1))
        return { status: 200, body }
      },
    }),
  ]
}

/** How many requests for a late answer are under way, and were at most. */
export const slow = { underWay: 0, most: 0 }

/** What became of the streams. */
export const streams = { made: 0, ended: 0, open: 0 }

async function* pieces(kind: string) {
  if (kind === 'broken') throw new Error('the cause at db.internal')
  try {
    const count = kind === 'endless' ? Infinity : 3
    for (let n = 1; n <= count; n += 1) {
      if (kind === 'cut' && n === 3) throw new Error('broken in the middle')
      streams.made += 1
      yield kind === 'endless' ? 'x'.repeat(10_000) : `{"n":${n}}\n`
      await turn()
    }
  } finally {
    streams.ended += 1
  }
}

function fail(kind: string): never {
  if (kind === 'known') throw new FakeError('user_service_unavailable', 'Not now', { retryAfterSeconds: 7 })
  if (kind === 'of-another-service') {
    throw Object.assign(new Error('Request failed with status code 400'), { name: 'AxiosError', status: 400 })
  }
  if (kind === 'no-error') throw 'a text' as unknown as Error
  throw new Error('the secret of /etc/passwd', { cause: new Error('the cause at db.internal') })
}
