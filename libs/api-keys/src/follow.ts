import { logChanges, type Logger } from '@ordinal/logging'
import { createPeriodicTask } from '@ordinal/periodic-task'
import type { ClientCertificates } from '@ordinal/resilience'
import { z } from 'zod'
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
const notedEveryMs = 60_000
const timeoutMs = 2_000
const maxAnswerBytes = 4 * 1024 * 1024
// What the owner takes in one request.
const mostUses = 1_000

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
 * Follows the keys of another service: asks for them every two seconds, with the ETag of what is known, and once a minute reports
 * when they were used here. Undefined if there is no owner to follow.
 */
export function followKeys(settings: FollowSettings, log: Logger): KeyFollower | undefined {
  const { service, apiKeysUrl: baseUrl, apiKey, apiKeysMaxAgeMs, pollMs = usualPollMs } = settings
  if (baseUrl === undefined) return undefined
  const known = createKnownKeys({ staleAfterMs: apiKeysMaxAgeMs })
  let etag: string | undefined
  let opened: ReturnType<typeof open> | undefined

  // Only a service that follows needs it in memory.
  async function open() {
    const { createServiceClient } = await import('@ordinal/resilience')
    return createServiceClient({
      name: 'the owner of the API keys',
      baseUrl: baseUrl!,
      certificates: settings.certificates,
      timeoutMs,
      maxConcurrent: 4,
      maxAnswerBytes,
      headers: apiKey === undefined ? {} : { 'X-API-Key': apiKey },
      // Each call is a probe: it is made at this pace whatever came before.
      breaker: {
        resetTimeoutMs: pollMs,
        intervalMs: notedEveryMs,
        maxRequests: 1,
        errorThresholdPercentage: 50,
        volumeThreshold: 5,
        consecutiveFailures: 5,
      },
    })
  }
  const client = () => (opened ??= open())

  async function refresh(): Promise<void> {
    const startedAt = performance.now()
    const { status, headers, data } = await (
      await client()
    ).probe({
      method: 'GET',
      path: '/api/v1/api-keys:digests',
      headers: etag === undefined ? {} : { 'If-None-Match': etag },
    })
    // The owner may not have been able to read them for a while itself.
    const age = () => performance.now() - startedAt + (Number(headers.age) || 0) * 1000
    if (status === 304 && etag !== undefined) return known.confirm(age())
    const read = answer.safeParse(data)
    if (status !== 200 || !read.success) throw unexpected(status, data, service)
    known.replace(read.data.data, age())
    etag = headers.etag === undefined ? undefined : String(headers.etag)
  }

  async function reportUses(): Promise<void> {
    const uses = known.takeUses()
    try {
      while (uses.length > 0) {
        const some = uses.slice(0, mostUses)
        const { status, data } = await (
          await client()
        ).probe({
          method: 'POST',
          path: '/api/v1/api-keys:used',
          body: { uses: some.map(({ id, at }) => ({ id, last_used_at: new Date(at).toISOString() })) },
        })
        if (status !== 204) throw unexpected(status, data, service)
        uses.splice(0, some.length)
      }
    } catch (error) {
      known.returnUses(uses)
      throw error
    }
  }

  const polling = createPeriodicTask({
    run: refresh,
    report: logChanges(log, 'the API keys cannot be read', 'the API keys can be read again'),
    everyMs: pollMs,
  })
  const reporting = createPeriodicTask({
    run: reportUses,
    report: logChanges(log, 'the use of API keys cannot be noted', 'the use of API keys is noted again'),
    everyMs: notedEveryMs,
    firstAfterMs: notedEveryMs,
  })
  return {
    known,
    start(): void {
      polling.start()
      reporting.start()
    },
    async stop(): Promise<void> {
      await Promise.all([polling.stop(), reporting.stop()])
      await reportUses().catch((error: unknown) => log.warn('the use of API keys was not noted', { error }))
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
