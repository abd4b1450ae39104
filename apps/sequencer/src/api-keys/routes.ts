import { idempotencyKeyOf } from '@ordinal/idempotency'
import { isCallerName, knownScopes } from '@ordinal/middleware'
import {
  booleanText,
  etagOf,
  pageOf,
  pageQuery,
  route,
  skipOf,
  timestamp,
  toPage,
  versionsIn,
  type Route,
} from '@ordinal/http'
import { z } from 'zod'
import { authorOf, reason } from '../api/versions'
import type { ErrorCode } from '../domain/errors'
import type { FollowedKeys } from './follow'
import type { ManagedKey } from './repository'
import type { KeyService, MadeKey } from './service'

const keyId = z
  .string()
  .regex(/^[0-9A-Za-z]{12}$/, 'must be 12 letters and digits')
  .meta({ description: 'No secret: it is in the key', example: '7hKq2LmXw0Rt' })
const name = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, underscores or dashes')
  .refine(isCallerName, 'is reserved, or looks like a name that is')
  .meta({ description: 'Who calls with it; several keys may have one name', example: 'erp-system' })
const scopes = z
  .array(z.string().max(60).regex(knownScopes, 'is no scope: see docs/security.md'))
  .min(1)
  .max(50)
  .refine((all) => new Set(all).size === all.length, 'must not name a scope twice')
  .nullable()
  .meta({ description: 'What it is limited to; null: it may do what an operator may' })
const expiresAt = timestamp().nullable().meta({ description: 'null: it does not end by itself' })
const end = expiresAt.default(null)

const apiKey = z
  .object({
    id: keyId,
    name: z.string(),
    scopes: z.array(z.string()).nullable(),
    state: z.enum(['active', 'expired', 'revoked']),
    expires_at: expiresAt,
    replaces: z.string().nullable().meta({ description: 'The key that was rotated for it' }),
    last_used_at: timestamp().nullable().meta({ description: 'To about a minute' }),
    version: z.int(),
    created_at: timestamp(),
    created_by: z.string(),
    changed_at: timestamp(),
    changed_by: z.string(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'ApiKey' })
const madeKey = z
  .object({
    key: z.string().meta({ description: 'For X-API-Key. Shown this once: only its SHA-256 is kept' }),
    api_key: apiKey,
  })
  .meta({ id: 'MadeApiKey' })

const makeErrors = [
  'api_key_shown_before',
  'idempotency_key_reused',
  'ledger_behind',
  'outcome_unknown',
] as const
const changeErrors = [
  'api_key_not_found',
  'api_key_changed',
  'api_key_ended',
  'ledger_behind',
  'outcome_unknown',
] as const

/** `/api/v1/api-keys`: the keys of machines, made and revoked while services run. */
export function apiKeyRoutes(keys: KeyService): Route<ErrorCode>[] {
  const path = '/api/v1/api-keys'
  const all = { tag: 'api keys', requires: 'admin' } as const
  const one = { ...all, path: `${path}/{key_id}`, params: z.strictObject({ key_id: keyId }) } as const
  return [
    route({
      ...all,
      method: 'get',
      path,
      summary: 'List the managed API keys',
      query: z.strictObject({ ...pageQuery, active: booleanText().optional() }),
      answers: { 200: pageOf(apiKey) },
      async handle({ query }) {
        const { page_size: take, active } = query
        const { keys: shown, total } = await keys.list({ skip: skipOf(query), take, active })
        return { status: 200, body: toPage(shown.map(toJson), total, query) }
      },
    }),
    route({
      ...all,
      method: 'post',
      path,
      summary: 'Make an API key, which is shown this once',
      body: z.strictObject({
        name,
        scopes: scopes.default(null),
        expires_at: end,
        reason: reason.optional(),
      }),
      idempotent: true,
      answers: { 201: madeKey },
      headers: ['ETag', 'Location'],
      errors: [...makeErrors, 'too_many_api_keys'],
      async handle({ body: { name, scopes, expires_at, reason }, headers, context }) {
        const wanted = { name, scopes, expiresAt: dateOf(expires_at) }
        return toMade(await keys.make(wanted, idempotencyKeyOf(headers), authorOf(context, reason)))
      },
    }),
    route({
      ...one,
      method: 'get',
      summary: 'Read an API key',
      answers: { 200: apiKey },
      headers: ['ETag'],
      errors: ['api_key_not_found'],
      handle: async ({ params }) => toReply(await keys.find(params.key_id)),
    }),
    route({
      ...one,
      method: 'post',
      path: `${one.path}/rotate`,
      summary: 'Make an API key in place of another, which ends after an overlap',
      body: z.strictObject({
        overlap_seconds: z
          .int()
          .min(0)
          .max(31_622_400)
          .meta({ description: 'For how long both are valid', example: 86_400 }),
        expires_at: expiresAt.optional().meta({ description: 'As the old one had it, if not given' }),
        reason: reason.optional(),
      }),
      idempotent: true,
      answers: { 201: madeKey },
      headers: ['ETag', 'Location'],
      errors: [...makeErrors, ...changeErrors],
      async handle({ params, body: { overlap_seconds, expires_at, reason }, headers, context }) {
        const expiresAt = expires_at === undefined ? undefined : dateOf(expires_at)
        const wanted = { overlapSeconds: overlap_seconds, expiresAt }
        const author = authorOf(context, reason)
        return toMade(await keys.rotate(params.key_id, wanted, idempotencyKeyOf(headers), author))
      },
    }),
    route({
      ...one,
      method: 'put',
      summary: 'Change when an API key ends',
      body: z.strictObject({ expires_at: expiresAt, reason: reason.optional() }),
      conditional: true,
      answers: { 200: apiKey },
      headers: ['ETag'],
      errors: [...changeErrors, 'version_mismatch'],
      async handle({ params, body: { expires_at, reason }, headers, context }) {
        const expected = versionsIn(headers['if-match'])
        const author = authorOf(context, reason)
        return toReply(await keys.expire(params.key_id, dateOf(expires_at), expected, author))
      },
    }),
    route({
      ...one,
      method: 'delete',
      summary: 'Revoke an API key: it ends within seconds, everywhere',
      query: z.strictObject({ reason: reason.optional() }),
      answers: { 204: null },
      errors: ['api_key_not_found', 'api_key_changed', 'ledger_behind', 'outcome_unknown'],
      async handle({ params, query, context }) {
        await keys.revoke(params.key_id, authorOf(context, query.reason))
        return { status: 204, body: null }
      },
    }),
  ]
}

const known = z
  .object({
    data: z.array(
      z.object({
        id: keyId,
        name: z.string(),
        sha256: z.string(),
        scopes: z.array(z.string()).nullable(),
        expires_at: expiresAt,
      }),
    ),
  })
  .meta({ id: 'KnownApiKeys' })

/** What the other services follow the keys by. */
export function followerRoutes(followed: FollowedKeys, keys: KeyService): Route<ErrorCode>[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/api-keys:digests',
      polled: true,
      tag: 'api keys',
      summary: 'What services check API keys by: those that have not ended, with their SHA-256',
      requires: 'admin',
      answers: { 200: known },
      headers: ['ETag'],
      handle() {
        const { body, etag, ageSeconds } = followed.list()
        const headers = { ETag: etag, Age: String(ageSeconds), 'Cache-Control': 'no-store' }
        return { status: 200, body, headers }
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/api-keys:used',
      tag: 'api keys',
      summary: 'Note when API keys were last used at another service',
      requires: 'admin',
      body: z.strictObject({
        uses: z
          .array(z.strictObject({ id: keyId, last_used_at: timestamp() }))
          .min(1)
          .max(1_000),
      }),
      answers: { 204: null },
      async handle({ body }) {
        await keys.noteUses(body.uses.map(({ id, last_used_at }) => ({ id, at: Date.parse(last_used_at) })))
        return { status: 204, body: null }
      },
    }),
  ]
}

const dateOf = (text: string | null) => (text === null ? null : new Date(text))

const toReply = (key: ManagedKey) => ({
  status: 200 as const,
  body: toJson(key),
  headers: { ETag: etagOf(key.version) },
})

const toMade = ({ key, text }: MadeKey) => ({
  status: 201 as const,
  body: { key: text, api_key: toJson(key) },
  headers: {
    ETag: etagOf(key.version),
    Location: `/api/v1/api-keys/${key.id}`,
    'Cache-Control': 'no-store',
  },
})

const toJson = (key: ManagedKey): z.input<typeof apiKey> => ({
  id: key.id,
  name: key.name,
  scopes: key.scopes,
  state: key.state,
  expires_at: key.expiresAt?.toISOString() ?? null,
  replaces: key.replaces,
  last_used_at: key.lastUsedAt?.toISOString() ?? null,
  version: key.version,
  created_at: key.createdAt.toISOString(),
  created_by: key.createdBy,
  changed_at: key.changedAt.toISOString(),
  changed_by: key.changedBy,
  reason: key.reason,
})
