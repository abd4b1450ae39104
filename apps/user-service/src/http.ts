import {
  booleanText,
  id,
  idParams,
  pageOf,
  pageQuery,
  route,
  skipOf,
  text,
  timestamp,
  toPage,
  type Route,
} from '@ordinal/http'
import { fingerprintOf, idempotencyKeyOf } from '@ordinal/idempotency'
import { z } from 'zod'
import { email } from './email'
import type { ErrorCode } from './errors'
import { toJson, type Users } from './users'

const name = text(1, 200).meta({ example: 'Ada Lovelace' })
const age = z.int().min(0).max(150).meta({ example: 36 })

const user = z
  .object({
    id: id(),
    email,
    name,
    age,
    active: z.boolean(),
    created_at: timestamp(),
    updated_at: timestamp(),
  })
  .meta({ id: 'User' })

const newUser = z.strictObject({ email, name, age })
const changes = z
  .strictObject({ ...newUser.shape, active: z.boolean() })
  .partial()
  .refine((fields) => Object.keys(fields).length > 0, 'must have at least one field')
const listQuery = z.strictObject({
  ...pageQuery,
  search: text(1, 200).optional(),
  active: booleanText().optional(),
})

/** `/api/v1/users`. */
export function userRoutes(users: Users): Route<ErrorCode>[] {
  const update = {
    path: '/api/v1/users/{id}',
    tag: 'users',
    summary: 'Change the fields that are given',
    params: idParams,
    body: changes,
    answers: { 200: user },
    errors: ['user_not_found', 'email_taken'] as const,
    handle: async ({ params, body }: { params: { id: number }; body: z.output<typeof changes> }) => ({
      status: 200 as const,
      body: toJson(await users.update(params.id, body)),
    }),
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
      headers: ['Location'],
      errors: ['email_taken', 'idempotency_key_reused', 'outcome_unknown'],
      async handle({ body, headers, context: { caller } }) {
        const key = idempotencyKeyOf(headers)
        const { answer, replayed } = await users.create(
          body,
          key === undefined ? undefined : { caller, key, fingerprint: fingerprintOf(body) },
        )
        return {
          status: 201,
          body: answer,
          headers: {
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
      summary: 'List users, oldest first',
      query: listQuery,
      answers: { 200: pageOf(user) },
      async handle({ query }) {
        const found = await users.list(query, { skip: skipOf(query), take: query.page_size })
        return { status: 200, body: toPage(found.users.map(toJson), found.total, query) }
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
      errors: ['user_not_found'],
      handle: async ({ params }) => ({ status: 200, body: toJson(await users.require(params.id)) }),
    }),
    route({ method: 'put', ...update }),
    route({ method: 'patch', ...update }),
    route({
      method: 'delete',
      path: '/api/v1/users/{id}',
      tag: 'users',
      summary: 'Delete a user; the e-mail address becomes free',
      params: idParams,
      answers: { 204: null },
      errors: ['user_not_found'],
      async handle({ params }) {
        await users.remove(params.id)
        return { status: 204, body: null }
      },
    }),
  ]
}
