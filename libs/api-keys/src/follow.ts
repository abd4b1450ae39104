import type { Logger } from '@ordinal/logging'
import type { ClientCertificates } from '@ordinal/resilience'
import { z } from 'zod'
import { keepKeys, type KeySource } from './keep-keys'
import { createKnownKeys, type KnownKeys } from './known-keys'

interface FollowSettings {
  /** The name of the service, in requests and messages. */
  service: string
  /** Where the owner of the keys is; undefined: there are none but those of the configuration. */
  apiKeysUrl: string | undefined
  /** The key that this service sends to the owner. */
  apiKey?: string | undefined
  apiKeysMaxAgeMs: number
  /** The certificate that the owner is shown, and the authorities that its own is checked against. */
  certificates?: ClientCertificates | undefined
  /** The pause between two readings; two seconds if not given. */
  pollMs?: number
}

/** The managed keys as a service knows them, kept as their owner has them from start to stop. */
export interface KeyFollower {
  known: KnownKeys
  start(): void
  stop(): Promise<void>
}

const usualPollMs = 2_000
const timeoutMs = 2_000
const maxAnswerBytes = 4 * 1024 * 1024

const answer = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      scopes: z.array(z.string()).nullable(),
      expires_at: z.iso.datetime().nullable(),
    }),
  ),
})

/**
 * Follows the keys of another service: asks for them every two seconds, and once a minute reports when they were used here.
 * Undefined if there is no owner to follow.
 */
export function followKeys(settings: FollowSettings, log: Logger): KeyFollower | undefined {
  const { apiKeysUrl, apiKeysMaxAgeMs, pollMs = usualPollMs } = settings
  if (apiKeysUrl === undefined) return undefined
  const known = createKnownKeys({ staleAfterMs: apiKeysMaxAgeMs })
  const owner = askOwner(apiKeysUrl, settings, pollMs)
  const { start, stop } = keepKeys({ known, source: owner, pollMs, log })
  return {
    known,
    start,
    async stop() {
      await stop()
      await owner.close()
    },
  }
}

/** The owner of the keys, asked with the ETag of what it answered last. */
function askOwner(
  baseUrl: string,
  { service, apiKey, certificates }: FollowSettings,
  pollMs: number,
): KeySource & { close(): Promise<void> } {
  let etag: string | undefined
  let opened: ReturnType<typeof open> | undefined

  // Only a service that follows needs it in memory.
  async function open() {
    const { createServiceClient } = await import('@ordinal/resilience')
    return createServiceClient({
      name: 'the owner of the API keys',
      baseUrl,
      certificates,
      timeoutMs,
      maxConcurrent: 4,
      maxAnswerBytes,
      headers: apiKey === undefined ? {} : { 'X-API-Key': apiKey },
      // Each call is a probe: it is made at this pace whatever came before.
      breaker: {
        resetTimeoutMs: pollMs,
        intervalMs: 60_000,
        maxRequests: 1,
        errorThresholdPercentage: 50,
        volumeThreshold: 5,
        consecutiveFailures: 5,
      },
    })
  }
  const client = () => (opened ??= open())

  return {
    async read() {
      const { status, headers, data } = await (
        await client()
      ).probe({
        method: 'GET',
        path: '/api/v1/api-keys:digests',
        headers: etag === undefined ? {} : { 'If-None-Match': etag },
      })
      // The owner may not have been able to read them for a while itself.
      const ageMs = (Number(headers.age) || 0) * 1000
      if (status === 304 && etag !== undefined) return { keys: 'unchanged', ageMs }
      const read = answer.safeParse(data)
      if (status !== 200 || !read.success) throw unexpected(status, data, service)
      etag = headers.etag === undefined ? undefined : String(headers.etag)
      return { keys: read.data.data, ageMs }
    },

    async noteUses(used) {
      const uses = used.map(({ id, at }) => ({ id, last_used_at: new Date(at).toISOString() }))
      const { status, data } = await (
        await client()
      ).probe({
        method: 'POST',
        path: '/api/v1/api-keys:used',
        body: { uses },
      })
      if (status !== 204) throw unexpected(status, data, service)
    },

    async close() {
      if (opened) (await opened).close()
    },
  }
}

function unexpected(status: number, data: unknown, service: string): Error {
  const { code } = (data ?? {}) as { code?: unknown }
  const variable = `${service.toUpperCase().replaceAll('-', '_')}_API_KEY`
  const isRefused = status === 401 || status === 403
  const remedy = isRefused ? `; look at ${variable}, whose key needs the scope api-keys:follow there` : ''
  return new Error(
    `the owner of the API keys answered with ${status}${typeof code === 'string' ? `, ${code}` : ''}${remedy}`,
  )
}
