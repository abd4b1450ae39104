import { setTimeout as sleep } from 'node:timers/promises'
import { noDeadline, type Deadline } from '@ordinal/deadline'
import { isAppError } from '@ordinal/errors'
import { createBreaker, type BreakerOptions, type BreakerState, type Permit, type Verdict } from './breaker'
import { mayPass, reasonOf, ServiceUnavailableError, UNAVAILABLE_REASONS, withoutRequest } from './failures'
import type { UnavailableReason } from './failures'
import type { ClientCertificates } from './connections'
import { createHttp, isIdempotent, type Answer, type ServiceRequest } from './http'
import { retryAfterSeconds } from './retry-after'
import { noteAnswer, spanOfCall, tracedRequest } from './trace-call'

export interface ServiceClientOptions {
  /** The service's name in errors and metrics: `user-service`. */
  name: string
  baseUrl: string
  /** The time limit of a call: connecting, sending, waiting, receiving, and all attempts together. */
  timeoutMs: number
  /** How many calls may be under way; one more fails at once. */
  maxConcurrent: number
  /**
   * How often an idempotent request is repeated whose attempt was refused, reset or answered with a 5xx, after a pause
   * of random length, while there is time. None unless told.
   */
  retries?: number
  breaker: BreakerOptions
  /** Sent with every request. */
  headers?: Readonly<Record<string, string>>
  /** The largest body to send or to take, after decompression. 1 MiB unless told. */
  maxAnswerBytes?: number
  /** How long an idle socket is kept; less than the server's keepAliveTimeout; 0 for none. 15 s unless told. */
  idleSocketMs?: number
  /** What is shown to a server of https, and what it is checked against; without them the authorities that Node knows. */
  certificates?: ClientCertificates | undefined
  onStateChange?: (change: StateChange) => void
}

export interface StateChange {
  service: string
  state: BreakerState
  previous: BreakerState
}

/** `ok` is under 400; `abandoned`: the caller disconnected; `invalid_request`: it could not be sent. */
const OUTCOMES = ['ok', 'client_error', ...UNAVAILABLE_REASONS, 'abandoned', 'invalid_request'] as const
export type Outcome = (typeof OUTCOMES)[number]

export interface ServiceClient {
  readonly name: string
  /**
   * Asks the service. Gives any answer under 500, except 429: a 404 is an answer, and so is 501.
   * What fails may be repeated if that is safe: the method is idempotent, or it has an Idempotency-Key. A request
   * whose kept socket dies under it is sent once more in any case, the others as often as `retries` says.
   * @throws ServiceUnavailableError without an answer; AppError `caller_gone`
   */
  request(request: ServiceRequest): Promise<Answer>
  /**
   * Asks the service even while the breaker is open; a success closes the breaker. For a background loop that waits
   * for the service, at a bounded pace. Otherwise as `request`.
   */
  probe(request: ServiceRequest): Promise<Answer>
  state(): BreakerState
  /** How often the breaker has opened, how attempts ended, and how many of them were repeats, since the start. */
  counts(): { opened: number; retries: number; outcomes: Readonly<Record<Outcome, number>> }
  /** Cuts off what is under way and ends all sockets and timers; later calls fail. */
  close(): void
}

// The pause before the n-th repeat is anything up to this, doubled n - 1 times: callers that failed together do not
// come back together.
const longestFirstPauseMs = 50

/** A client of one service: axios over kept-alive sockets, a time limit, a bound on calls, and a circuit breaker. */
export function createServiceClient(options: ServiceClientOptions): ServiceClient {
  const {
    name,
    timeoutMs,
    maxConcurrent,
    retries = 0,
    maxAnswerBytes = 2 ** 20,
    idleSocketMs = 15_000,
  } = options
  const address = new URL(options.baseUrl)
  const http = createHttp({ ...options, maxAnswerBytes, idleSocketMs })
  const breaker = createBreaker(options.breaker, (state, previous) => {
    // Later: opossum would never end a call whose listener throws.
    queueMicrotask(() => options.onStateChange?.({ service: name, state, previous }))
  })
  const outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>
  const underWay = new Set<Deadline>()
  let closed: ServiceUnavailableError | undefined
  let repeats = 0

  async function call(
    request: ServiceRequest,
    admit: () => Permit | undefined,
    mostRepeats: number,
  ): Promise<Answer> {
    const { method, path, deadline: callers = noDeadline } = request
    const tooSlow = () => unavailable('timeout', `${method} ${path} took over ${timeoutMs} ms`)
    const deadline = callers.within(timeoutMs, tooSlow)
    try {
      for (let repeated = 0; ; repeated += 1) {
        try {
          return await attempt(request, admit, deadline, repeated)
        } catch (error) {
          const again = repeated < mostRepeats && mayPass(error) && isIdempotent(request)
          if (!again || !(await pauseBefore(repeated, deadline))) throw error
        }
        repeats += 1
      }
    } finally {
      deadline.dispose()
    }
  }

  /** False if no time is left for a pause and a repeat, or the breaker is not closed. */
  async function pauseBefore(repeat: number, deadline: Deadline): Promise<boolean> {
    const pauseMs = Math.random() * longestFirstPauseMs * 2 ** repeat
    if (pauseMs >= deadline.remainingMs() || breaker.state() !== 'closed') return false
    const signal = deadline.signal()
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    return !signal.aborted && breaker.state() === 'closed'
  }

  /** One request, counted by how it ends. */
  async function attempt(
    request: ServiceRequest,
    admit: () => Permit | undefined,
    deadline: Deadline,
    repeated: number,
  ): Promise<Answer> {
    const span = spanOfCall(request, address, repeated)
    try {
      const permit = enter(admit, deadline)
      const answer = await send(span ? tracedRequest(request, span) : request, permit, deadline)
      outcomes[answer.status < 400 ? 'ok' : 'client_error'] += 1
      if (span) noteAnswer(span, answer)
      return answer
    } catch (error) {
      const outcome = outcomeOf(error)
      outcomes[outcome] += 1
      span?.fail(outcome)
      throw error
    } finally {
      span?.end()
    }
  }

  /** Refuses at once what should not reach the service. */
  function enter(admit: () => Permit | undefined, deadline: Deadline): Permit {
    if (closed) throw closed
    if (deadline.remainingMs() <= 0) throw unavailable('deadline', 'the deadline of the caller has passed')
    if (underWay.size >= maxConcurrent) throw unavailable('saturated', `${maxConcurrent} calls are under way`)
    const permit = admit()
    if (permit) return permit
    throw unavailable('open', 'the circuit breaker is open', {
      retryAfterSeconds: breaker.remainingMs() / 1000,
    })
  }

  async function send(request: ServiceRequest, permit: Permit, deadline: Deadline): Promise<Answer> {
    let verdict: Verdict = 'nothing'
    underWay.add(deadline)
    try {
      const answer = requireUsable(request, await http.ask(request, deadline))
      verdict = 'success'
      return answer
    } catch (error) {
      const signal = deadline.signal()
      const failure = explain(request, signal.aborted ? signal.reason : error)
      verdict = verdictOf(outcomeOf(failure))
      throw failure
    } finally {
      underWay.delete(deadline)
      await permit(verdict)
    }
  }

  function requireUsable({ method, path }: ServiceRequest, answer: Answer): Answer {
    const { status, headers } = answer
    // 501 says that it does not know the call, and not that it fails: asking again would not help.
    if ((status < 500 && status !== 429) || status === 501) return answer
    throw unavailable(
      status === 429 ? 'rate_limited' : 'status',
      `${method} ${path} was answered with ${status}`,
      {
        retryAfterSeconds: retryAfterSeconds(headers['retry-after']),
      },
    )
  }

  function explain({ method, path }: ServiceRequest, error: unknown): unknown {
    if (error instanceof ServiceUnavailableError) return error
    if (isAppError(error) && error.code === 'deadline_exceeded')
      return unavailable('deadline', `${method} ${path} took longer than its caller waits`)
    const [reason, cause] = [reasonOf(error), withoutRequest(error)]
    return reason ? unavailable(reason, `${method} ${path}: ${(cause as Error).message}`, { cause }) : cause
  }

  function outcomeOf(error: unknown): Outcome {
    if (isAppError(error) && error.code === 'caller_gone') return 'abandoned'
    return error instanceof ServiceUnavailableError ? error.reason : 'invalid_request'
  }

  function unavailable(
    reason: UnavailableReason,
    detail: string,
    more?: { retryAfterSeconds?: number; cause?: unknown },
  ): ServiceUnavailableError {
    return new ServiceUnavailableError({ service: name, reason, detail, ...more })
  }

  return {
    name,
    request: (request) => call(request, () => breaker.admit(), retries),
    probe: (request) => call(request, () => breaker.admitProbe(), 0),
    state: () => breaker.state(),
    counts: () => ({ opened: breaker.openedTotal(), retries: repeats, outcomes: { ...outcomes } }),
    close() {
      closed = unavailable('closed', 'the client is closed')
      for (const deadline of underWay) deadline.abort(closed)
      breaker.shutdown()
      http.close()
    },
  }
}

/**
 * Only what the service did counts: not our own bounds, callers that disconnect or whose deadline is sooner than
 * its timeout (else one with a short deadline could open the breaker for all), or a limit it set us.
 */
function verdictOf(outcome: Outcome): Verdict {
  const neutral: readonly Outcome[] = ['deadline', 'rate_limited', 'closed', 'abandoned', 'invalid_request']
  return neutral.includes(outcome) ? 'nothing' : 'failure'
}
