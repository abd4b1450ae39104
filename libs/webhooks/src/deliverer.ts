import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from 'pg'
import { crashAt } from '@ordinal/failpoints'
import { logChanges, type Logger } from '@ordinal/logging'
import { createPeriodicTask } from '@ordinal/periodic-task'
import type { Tracing } from '@ordinal/tracing'
import { afterAttempt, type AttemptResult, type NextStep, type RetrySchedule } from './after-attempt'
import {
  claimDeliveries,
  giveBack,
  settleDelivery,
  sweepDeliveries,
  type ClaimedDelivery,
} from './delivery-queries'
import type { WebhookMetrics } from './metrics'
import type { Sealer } from './sealing'
import { interrupted, type Send } from './send'
import { signedHeaders } from './signature'

export interface DelivererSettings extends RetrySchedule {
  concurrency: number
  /** How long a delivery is left to the instance that makes it: longer than an attempt takes. */
  leaseMs: number
  /** How often it looks for what is due, besides when it is woken. */
  pollMs: number
  retentionMs: number
}

interface Deps {
  pool: Pool
  settings: DelivererSettings
  send: Send
  sealer: Sealer
  metrics: WebhookMetrics
  log: Logger
  tracing?: Tracing | undefined
}

const sweepEveryMs = 60_000
// After this, at a stop, what is under way is given back.
const stopMs = 2_000

/**
 * Makes the deliveries that are due, a few at a time for each webhook, so that a slow receiver keeps nobody else waiting. Any
 * number of instances may do so at once.
 */
export function createDeliverer({ pool, settings, send, sealer, metrics, log, tracing }: Deps) {
  const { concurrency, leaseMs, pollMs, retentionMs, offAfterMs } = settings
  const report = logChanges(
    log,
    'deliveries to webhooks wait: the database fails',
    'deliveries to webhooks go on: the database works again',
  )
  const busy = new Map<number, number>()
  const underWay = new Set<Promise<void>>()
  const stopping = new AbortController()
  let sweptAt = -Infinity
  const task = createPeriodicTask({ run: look, report, everyMs: pollMs })

  async function look(ending: AbortSignal): Promise<boolean> {
    if (performance.now() - sweptAt > sweepEveryMs) {
      sweptAt = performance.now()
      while ((await sweepDeliveries(pool, retentionMs)) > 0 && !ending.aborted);
    }
    const claimed = await claimDeliveries(pool, { busy, concurrency, leaseMs })
    for (const delivery of claimed) begin(delivery)
    return claimed.length > 0
  }

  function begin(delivery: ClaimedDelivery): void {
    const { webhookId } = delivery
    busy.set(webhookId, (busy.get(webhookId) ?? 0) + 1)
    const delivering = deliver(delivery)
      // What was not recorded is delivered again when its lease ends.
      .catch(report)
      .finally(() => {
        underWay.delete(delivering)
        const left = busy.get(webhookId)! - 1
        if (left === 0) busy.delete(webhookId)
        else busy.set(webhookId, left)
        // The next of the subject may be due, and there is room.
        task.wake()
      })
    underWay.add(delivering)
  }

  async function deliver(delivery: ClaimedDelivery): Promise<void> {
    FAILPOINT: crashAt('a delivery is claimed')
    const at = new Date()
    const result = await attempt(delivery, at)
    if (result.error === interrupted) return giveBack(pool, delivery)
    FAILPOINT: crashAt('a delivery is made')
    const { attempt: nth, firstFailedAt, failingSince } = delivery
    const attempted = {
      attempt: nth,
      firstFailedAt: firstFailedAt ?? undefined,
      failingSince: failingSince ?? undefined,
    }
    const step = afterAttempt(result, attempted, settings, new Date(), Math.random())
    const { held, switchedOff } = await settleDelivery(pool, { delivery, at, result, step, offAfterMs })
    FAILPOINT: crashAt('a delivery is settled')
    metrics.attempted(step.is, result.durationMs)
    tell(delivery, result, step, { held, switchedOff })
  }

  /** Nothing of the address is logged: it may have a token in it. */
  function tell(
    { id, webhookId, event, attempt }: ClaimedDelivery,
    { status, error }: AttemptResult,
    step: NextStep,
    { held, switchedOff }: { held: boolean; switchedOff: boolean },
  ): void {
    const logged = {
      webhook_id: webhookId,
      delivery_id: id,
      event_id: event.id,
      type: event.type,
      attempt,
      status,
      error,
    }
    if (!held) log.warn('a delivery to a webhook took longer than its lease; another instance has it', logged)
    else if (switchedOff && step.is === 'off')
      log.error('a webhook was switched off', { ...logged, reason: step.reason })
    else if (step.is === 'failed')
      log.error('a delivery to a webhook has failed; nothing tries it again', logged)
    else if (step.is !== 'delivered') log.info('a delivery to a webhook failed; it is tried again', logged)
  }

  async function attempt(delivery: ClaimedDelivery, at: Date): Promise<AttemptResult> {
    const { event, url, webhookId, attempt } = delivery
    const secrets = secretsOf(delivery)
    if (secrets instanceof Error) return { error: secrets.message, durationMs: 0 }
    const span = tracing?.follow(event.traceparent, 'POST', 'client', {
      'http.request.method': 'POST',
      'cloudevents.event_id': event.id,
      'cloudevents.event_type': event.type,
      'ordinal.webhook_id': webhookId,
      ...(attempt > 1 && { 'ordinal.attempt': attempt }),
    })
    const traceparent = span?.traceparent ?? event.traceparent
    const body = JSON.stringify(event)
    const timestamp = Math.floor(at.getTime() / 1000)
    const headers = {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'user-agent': 'ordinal-webhooks',
      ...signedHeaders({ id: event.id, timestamp, body }, secrets),
      ...(traceparent !== undefined && { traceparent }),
      ...(event.tracestate !== undefined && { tracestate: event.tracestate }),
    }
    const result = await send({ url, headers, body }, stopping.signal)
    span?.set({ 'http.response.status_code': result.status })
    if (result.status === undefined || result.status >= 300) span?.fail(String(result.status ?? 'no_answer'))
    span?.end()
    return result
  }

  /** What a delivery is signed with, or why that cannot be opened: an attempt that failed, which whoever asks is shown. */
  function secretsOf({ secret, previousSecret }: ClaimedDelivery): string[] | Error {
    try {
      return [secret, previousSecret].flatMap((kept) => (kept === null ? [] : [sealer.open(kept)]))
    } catch (error) {
      return error as Error
    }
  }

  return {
    start: () => task.start(),
    /** There may be deliveries that are due: looks at once. */
    wake: () => task.wake(),
    /** Ends after the deliveries that are under way; those that take long are given back. */
    async stop(): Promise<void> {
      await task.stop()
      const patience = new AbortController()
      const late = delay(stopMs, undefined, { signal: patience.signal }).then(
        () => stopping.abort(),
        () => undefined,
      )
      await Promise.all(underWay)
      patience.abort()
      await late
    },
  }
}
