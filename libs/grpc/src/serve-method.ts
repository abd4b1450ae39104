import type { handleUnaryCall, ServerUnaryCall } from '@grpc/grpc-js'
import { Metadata } from '@grpc/grpc-js'
import { AppError } from '@ordinal/errors'
import { dependsOnTarget, requireAccess, requireRole } from '@ordinal/middleware'
import { deadlineIn, withTimeout } from '@ordinal/deadline'
import type { GrpcChassis, Workload } from '@ordinal/http'
import { idempotencyKeyOf } from '@ordinal/idempotency'
import type { GrpcMethod, GrpcReply } from './method'
import { textOf, type ObservedMetadata } from './observe-calls'
import { messageReader } from './read-message'
import { statusOf } from './status'

// The deadline of callers that set none, or a later one.
const longestCallMs = 30_000

type Call = ServerUnaryCall<object, object>

/** Serves a method: identifies the caller, checks its role and its message, then calls and answers. */
export function serveMethod(method: GrpcMethod, chassis: GrpcChassis): handleUnaryCall<object, object> {
  const { identify, limiter, tokensCheckable, reportError, bulkheads, holdBack, runItems } = chassis
  const readMessage = messageReader(method.message)

  async function answer(call: Call): Promise<GrpcReply> {
    const { received, context, ip } = call.metadata as ObservedMetadata
    const credentials = {
      apiKey: textOf(received, 'x-api-key'),
      authorization: textOf(received, 'authorization'),
    }
    try {
      await identify(context, credentials)
    } finally {
      // Guesses of a key count as well.
      if (limiter && !context.machine) await limiter.count(ip)
    }
    const { access, requires } = method
    if (access) requireAccess(access, context, tokensCheckable)
    else if (requires) requireRole(requires, context, tokensCheckable)

    const message = readMessage(call.request) as never
    if (access && dependsOnTarget(context))
      requireAccess(access, context, tokensCheckable, access.target?.(message) ?? {})
    const idempotencyKey = method.idempotent ? keyIn(received) : undefined
    const workload = typeof method.workload === 'string' ? method.workload : method.workload(message)
    if (workload === 'main') bulkheads.mainWork.count()
    const leave = workload === 'main' ? undefined : await placeFor(workload, call, ip)
    const timeoutMs = Math.min(Number(call.getDeadline()) - Date.now(), longestCallMs)
    const deadline = deadlineIn(timeoutMs, () => signalOf(call))
    if (timeoutMs <= 0 || call.cancelled) {
      leave?.()
      deadline.throwIfExpired()
    }
    const handle = async () => {
      try {
        return await method.handle({ message, idempotencyKey, context, deadline, runItems })
      } finally {
        leave?.()
        deadline.dispose()
      }
    }
    const reply = handle()
    // The caller's own deadline is the library's to watch.
    return timeoutMs < longestCallMs ? reply : withTimeout(reply, longestCallMs, tooLong)
  }

  const placeFor = (workload: Exclude<Workload, 'main'>, call: Call, ip: string | undefined) =>
    bulkheads.enter(workload, ip, call.getPeer(), (forget) => call.once('cancelled', forget))

  return (call, callback) => {
    const { context } = call.metadata as ObservedMetadata
    answer(call).then(
      ({ message, metadata }) => {
        if (metadata) call.sendMetadata(metadataOf(metadata))
        callback(null, message)
      },
      async (error: unknown) => {
        const refusal = reportError(error, context)
        context.refused = refusal.code
        const { ip } = call.metadata as ObservedMetadata
        await holdBack(refusal, ip, call.getPeer())
        callback(statusOf(refusal))
      },
    )
  }
}

function signalOf(call: Call): AbortSignal {
  const controller = new AbortController()
  if (call.cancelled) controller.abort()
  else call.once('cancelled', () => controller.abort())
  return controller.signal
}

const tooLong = () => new AppError('deadline_exceeded', `There is no answer after ${longestCallMs} ms`)

/** The key, by either of its names. Several are joined as HTTP joins them, which is no key. */
function keyIn(received: Metadata): string | undefined {
  const names = ['x-idempotency-key', 'idempotency-key']
  const sent = new Set(names.flatMap((name) => received.get(name).map(String)))
  return idempotencyKeyOf({ 'idempotency-key': sent.size > 0 ? [...sent].join(', ') : undefined })
}

function metadataOf(fields: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(fields)) metadata.set(name, value)
  return metadata
}
