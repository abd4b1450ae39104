import { idParams, type Call } from '@ordinal/http'
import { idempotencyKeyOf } from '@ordinal/idempotency'
import type { Asking } from '../once'

export const path = '/api/v1/webhooks'

/** What all calls of webhooks have. */
export const all = { tag: 'webhooks', requires: 'admin' } as const

/** What those have that are about one webhook. */
export const one = { ...all, path: `${path}/{id}`, params: idParams } as const

/** Who asks, and by which Idempotency-Key. */
export const askingOf = ({
  headers,
  context,
}: Pick<Call<unknown, unknown, unknown>, 'headers' | 'context'>): Asking => ({
  caller: context.caller,
  key: idempotencyKeyOf(headers),
})

/** The header of an answer to a request that came before. */
export const replayedHeader = (replayed: boolean): Record<string, string> =>
  replayed ? { 'Idempotency-Replayed': 'true' } : {}
