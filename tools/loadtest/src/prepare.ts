import { setTimeout as delay } from 'node:timers/promises'
import {
  AuthenticationError,
  createOrdinal,
  NotFoundError,
  OrdinalError,
  ProblemError,
  type Ordinal,
} from '@ordinal/client'
import { urlVariableOf, type Service } from '@ordinal/bench'
import { servicesOf, type Settings } from './settings'

const patienceMs = 15_000

/** What a run works with. */
export interface Prepared {
  ordinal: Ordinal
  /** Whose orders are placed: of this run alone. */
  userId: number
  apiKey: string | undefined
  /** Takes back what was made for the run and must not stay. */
  leave: () => Promise<void>
}

/**
 * Looks whether the services are there, and makes what a run needs: an API key of its own, a user, the sequence.
 *
 * @param run its name
 * @throws Error in one line that says what is missing, and what to do
 */
export async function prepare(settings: Settings, run: string): Promise<Prepared> {
  const { urls, workload, sequence, token } = settings
  const called = servicesOf(workload)
  for (const service of called) await requireReady(service, urls[service])
  const clientWith = (credentials: { apiKey?: string | undefined; token?: string | undefined }) =>
    createOrdinal({
      users: urls['user-service'].href,
      orders: urls['order-service'].href,
      sequencer: urls.sequencer.href,
      timeoutMs: 60_000,
      ...(credentials.apiKey && { apiKey: credentials.apiKey }),
      ...(credentials.token && { token: credentials.token }),
    })
  const administrator = token ? clientWith({ token }) : undefined
  const own =
    settings.apiKey === undefined && administrator
      ? await makeKey(administrator, run, urls.sequencer)
      : undefined
  const apiKey = settings.apiKey ?? own?.key
  const leave = async () => {
    if (own && administrator) await administrator.apiKeys.revoke(own.id, { reason: 'the load test is over' })
  }
  const ordinal = clientWith({ apiKey })
  try {
    if (apiKey !== undefined) await requireKnown(ordinal, settings, own ? patienceMs : 0)
    if (workload === 'next' || workload === 'mixed')
      await requireSequence(administrator ?? ordinal, sequence, urls.sequencer)
    if (settings.check) await requireAudit(ordinal, urls.sequencer)
    const userId = called.includes('user-service')
      ? await of('user-service', urls['user-service'], () => createUser(ordinal, run))
      : 0
    return { ordinal, userId, apiKey, leave }
  } catch (error) {
    await leave().catch(() => {})
    throw error
  }
}

async function requireReady(service: Service, url: URL): Promise<void> {
  const address = `${url.href.replace(/\/$/, '')}/health/ready`
  const answer = await fetch(address, { signal: AbortSignal.timeout(10_000) }).catch((error: Error) => {
    const { code, message } = (error.cause ?? error) as Error & { code?: string }
    throw new Error(
      `${service} does not answer at ${url.href} (${code ?? message}): start it (make run), or say where it is (${urlVariableOf(service)}=)`,
    )
  })
  if (!answer.ok) throw new Error(`${service} at ${url.href} is not ready: it answers ${answer.status}`)
}

/** A key that may what an operator may: with it nobody's rate limit is in the way, and it ends by itself. */
async function makeKey(administrator: Ordinal, run: string, url: URL) {
  const { key, api_key } = await of('sequencer', url, () =>
    administrator.apiKeys.create({
      name: 'load-test',
      expires_at: new Date(Date.now() + 25 * 3_600_000).toISOString(),
      reason: run,
    }),
  )
  return { key, id: api_key.id }
}

/** All services have to know the key; one that was just made they hear of within seconds. */
async function requireKnown(ordinal: Ordinal, { workload, urls }: Settings, withinMs: number): Promise<void> {
  const questions: Record<Service, () => Promise<unknown>> = {
    'user-service': () => ordinal.users.list({ page_size: 1 }).next(),
    'order-service': () => ordinal.orders.list({ page_size: 1 }).next(),
    sequencer: () => ordinal.sequences.list({ page_size: 1 }).next(),
  }
  const deadline = Date.now() + withinMs
  for (const service of servicesOf(workload))
    await of(service, urls[service], async () => {
      for (;;) {
        try {
          return await questions[service]()
        } catch (error) {
          if (!(error instanceof AuthenticationError) || Date.now() > deadline) throw error
          await delay(200)
        }
      }
    })
}

async function requireSequence(ordinal: Ordinal, prefix: string, url: URL): Promise<void> {
  try {
    await ordinal.numbers.status(prefix)
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw refusal('sequencer', url, error)
    await ordinal.sequences
      .create({ prefix, template: '{prefix}-{seq}', reset: 'never', reason: 'load tests' })
      .catch((error: unknown) => {
        const hint = `there is no sequence ${prefix}; --token of an administrator defines it (make token ROLE=admin)`
        throw new Error(`${refusal('sequencer', url, error).message}: ${hint}`, { cause: error })
      })
  }
}

/** Before minutes of load, and not after them: whether what is held can be read. */
async function requireAudit(ordinal: Ordinal, url: URL): Promise<void> {
  try {
    await ordinal.audit.list({ page_size: 1 }).next()
  } catch (error) {
    const hint =
      'the numbers are compared with the ledger, for which --api-key or --token is needed; --no-check goes without'
    throw new Error(`${refusal('sequencer', url, error).message}: ${hint}`, { cause: error })
  }
}

const createUser = async (ordinal: Ordinal, run: string): Promise<number> => {
  const user = await ordinal.users.create({ email: `${run}@example.invalid`, name: 'Load test', age: 30 })
  return user.id
}

/** Does something at a service; what goes wrong is one line that names it. */
async function of<T>(service: Service, url: URL, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw refusal(service, url, error)
  }
}

function refusal(service: Service, url: URL, error: unknown): Error {
  if (error instanceof ProblemError) {
    const { status, code, problem } = error
    return new Error(`${service} at ${url.href} refuses: ${status} ${code}: ${problem.detail}`)
  }
  return error instanceof OrdinalError
    ? new Error(`${service} at ${url.href}: ${error.message}`)
    : (error as Error)
}
