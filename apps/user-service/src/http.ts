import {
  booleanText,
  etagOf,
  id,
  idParams,
  isPageOrCursor,
  listOf,
  listQuery,
  pageOrCursor,
  route,
  text,
  timestamp,
  versionsIn,
  type Call,
  type Route,
} from '@ordinal/http'
import { isHiddenFrom, notePersonalData, requireStaff, type RequestContext } from '@ordinal/middleware'
import { fingerprintOf, idempotencyKeyOf } from '@ordinal/idempotency'
import { z } from 'zod'
import { email } from './email'
import type { ErrorCode } from './errors'
import { toJson, userCursors, userNotFound, type Users } from './users'

const name = text(1, 200).meta({ example: 'Ada Lovelace' })
const age = z.int().min(0).max(150).meta({ example: 36 })

const user = z
  .object({
    id: id(),
    email,
    name,
    age,
    active: z.boolean(),
    version: z.int().min(1).meta({ description: 'Counts the changes; the ETag' }),
    created_at: timestamp(),
    updated_at: timestamp(),
  })
  .meta({ id: 'User' })

const newUser = z.strictObject({ email, name, age })
const changes = z
  .strictObject({ ...newUser.shape, active: z.boolean() })
  .partial()
  .refine((fields) => Object.keys(fields).length > 0, 'must have at least one field')
const query = z
  .strictObject({ ...listQuery, search: text(1, 200).optional(), active: booleanText().optional() })
  .refine(isPageOrCursor, pageOrCursor)

const erase = booleanText().optional().meta({
  description:
    'With true, name, address and age are erased for good, also of a user who was deleted before; the id stays, for the orders that name it',
})

// Ids of any length stay under 2 kB of URL, which all proxies take.
const mostIds = 100
const ids = z
  .string()
  .regex(/^[1-9][0-9]{0,15}(,[1-9][0-9]{0,15})*$/, 'must be ids, separated by commas')
  .transform((text) => text.split(',').map(Number))
  .refine((ids) => ids.length <= mostIds, `must be at most ${mostIds} ids`)
  .refine((ids) => ids.every(Number.isSafeInteger), 'must be ids, separated by commas')
  .meta({ description: `Up to ${mostIds} ids, separated by commas`, example: '1,2,3' })

/** `/api/v1/users`. */
export function userRoutes(users: Users): Route<ErrorCode>[] {
  const update = {
    path: '/api/v1/users/{id}',
    tag: 'users',
    summary: 'Change the fields that are given; with If-Match only if the user has not changed meanwhile',
    params: idParams,
    body: changes,
    conditional: true,
    answers: { 200: user },
    headers: ['ETag'] as const,
    errors: ['user_not_found', 'email_taken', 'version_mismatch'] as const,
    async handle({
      params,
      body,
      headers,
      context,
    }: Call<{ id: number }, unknown, z.output<typeof changes>>) {
      notePersonalData(context, 'change', [params.id])
      requireNotHidden(params.id, context)
      // A customer who was deactivated must not undo that.
      if (body.active !== undefined) requireStaff(context, 'change active')
      const edited = { id: params.id, versions: versionsIn(headers['if-match']) }
      const changed = toJson(await users.update(edited, body, context.span))
      return { status: 200 as const, body: changed, headers: { ETag: etagOf(changed.version) } }
    },
  }
  return [
    route({
      method: 'post',
      path: '/api/v1/users',
      tag: 'users',
      summary: 'Create a user',
      body: newUser,
      idempotent: true,
      answers: { 201: user },
      headers: ['ETag', 'Location'],
      errors: ['email_taken', 'idempotency_key_reused', 'idempotency_key_erased', 'outcome_unknown'],
      async handle({ body, headers, context }) {
        const key = idempotencyKeyOf(headers)
        const { answer, replayed } = await users.create(
          body,
          key === undefined ? undefined : { caller: context.caller, key, fingerprint: fingerprintOf(body) },
          context.span,
        )
        notePersonalData(context, 'create', [answer.id])
        return {
          status: 201,
          body: answer,
          headers: {
            ETag: etagOf(answer.version),
            Location: `/api/v1/users/${answer.id}`,
            ...(replayed && { 'Idempotency-Replayed': 'true' }),
          },
        }
      },
    }),
    route({
      method: 'get',
      workload: 'heavy',
      path: '/api/v1/users',
      tag: 'users',
      summary: 'List users, oldest first, by page or by cursor',
      query,
      answers: { 200: listOf(user) },
      async handle({ query: { page, cursor, page_size, ...filter }, context }) {
        const part = { page, after: userCursors.read(cursor, filter), page_size }
        const list = await users.list(part, filter, context.span)
        notePersonalData(context, 'read', idsOf(list.data))
        return { status: 200, body: list }
      },
    }),
    route({
      method: 'get',
      // Orders wait for it: the list is of another class, since it may look at every user.
      workload: 'main',
      path: '/api/v1/users:batchGet',
      tag: 'users',
      summary: 'Read the users with these ids; those that there are not are left out',
      query: z.strictObject({ ids }),
      answers: { 200: z.object({ data: z.array(user) }) },
      async handle({ query, context }) {
        const data = (await users.findAll(query.ids, context.span)).map(toJson)
        notePersonalData(context, 'read', idsOf(data))
        return { status: 200, body: { data } }
      },
    }),
    route({
      method: 'get',
      // Orders wait for it.
      workload: 'main',
      path: '/api/v1/users/{id}',
      tag: 'users',
      summary: 'Read a user',
      params: idParams,
      answers: { 200: user },
      headers: ['ETag'],
      errors: ['user_not_found'],
      async handle({ params, context }) {
        notePersonalData(context, 'read', [params.id])
        requireNotHidden(params.id, context)
        const found = toJson(await users.require(params.id, context.span))
        return { status: 200, body: found, headers: { ETag: etagOf(found.version) } }
      },
    }),
    route({ method: 'put', ...update }),
    route({ method: 'patch', ...update }),
    route({
      method: 'delete',
      path: '/api/v1/users/{id}',
      tag: 'users',
      summary:
        'Delete a user, whose e-mail address becomes free; with If-Match only if the user has not changed meanwhile',
      params: idParams,
      query: z.strictObject({ erase }),
      conditional: true,
      answers: { 204: null },
      errors: ['user_not_found', 'version_mismatch', 'outcome_unknown'],
      async handle({ params, query, headers, context }) {
        notePersonalData(context, query.erase ? 'erase' : 'delete', [params.id])
        const edited = { id: params.id, versions: versionsIn(headers['if-match']) }
        await (query.erase ? users.erase(edited, context.span) : users.remove(edited, context.span))
        return { status: 204, body: null }
      },
    }),
  ]
}

const idsOf = (users: readonly { id: number }[]) => users.map(({ id }) => id)

/** A customer learns nothing of other users, not even whether there are any. */
function requireNotHidden(id: number, context: RequestContext): void {
  if (isHiddenFrom(context, id)) throw userNotFound(id)
}
