import type { handleUnaryCall, ServerUnaryCall } from '@grpc/grpc-js'
import { Metadata } from '@grpc/grpc-js'
import { AppError } from '@ordinal/errors'
import { requireRole } from '@ordinal/middleware'
import { idempotencyKeyOf, withDeadline, type GrpcChassis, type Workload } from '@ordinal/service'
import type { GrpcMethod, GrpcReply } from './method'
import { textOf, type ObservedMetadata } from './observe-calls'
import { messageReader } from './read-message'
import { statusOf } from './status'

// For callers that set no deadline, or one that is far away.
const longestCallMs = 30_000

type Call = ServerUnaryCall<object, object>

/** Serves a method: who calls, may they, what do they ask; then the call, and its answer or its error. */
export function serveMethod(method: GrpcMethod, chassis: GrpcChassis): handleUnaryCall<object, object> {
  const { identify, limiter, tokensCheckable, tellError, bulkheads, holdBack } = chassis
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
    if (method.requires) requireRole(method.requires, context, tokensCheckable)

    const message = readMessage(call.request) as never
    const idempotencyKey = method.idempotent ? keyIn(received) : undefined
    if (method.workload === 'main') bulkheads.mainWork.count()
    const leave = method.workload === 'main' ? undefined : await placeFor(method.workload, call, ip)
    const timeLeftMs = Math.min(Number(call.getDeadline()) - Date.now(), longestCallMs)
    if (timeLeftMs <= 0 || call.cancelled) {
      leave?.()
      if (timeLeftMs > 0) throw new AppError('caller_gone', 'The caller has gone away')
      throw new AppError('deadline_exceeded', 'The deadline had passed before the start')
    }
    const gone = () => signalOf(call)
    const handling = method.handle({ message, idempotencyKey, context, timeLeftMs, gone })
    const reply = leave ? handling.finally(leave) : handling
    // The caller's own deadline is the library's to watch.
    return timeLeftMs < longestCallMs ? reply : withDeadline(reply, longestCallMs, tooLong)
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
        const told = tellError(error, context)
        const { ip } = call.metadata as ObservedMetadata
        await holdBack(told, ip, call.getPeer())
        callback(statusOf(told))
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

/** The key, by either of its names. */
function keyIn(received: Metadata): string | undefined {
  const sent = textOf(received, 'x-idempotency-key') ?? textOf(received, 'idempotency-key')
  return idempotencyKeyOf({ 'idempotency-key': sent })
}

function metadataOf(fields: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(fields)) metadata.set(name, value)
  return metadata
}
