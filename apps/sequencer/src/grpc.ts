import { grpcMethod, loadProtos, type GrpcCall, type GrpcReply, type GrpcService } from '@ordinal/grpc'
import { z } from 'zod'
import { fullNumber, maxCount, toNumbers } from './http/number'
import {
  asked,
  businessDate,
  holdSeconds,
  statusReader,
  toIssueRequest,
  type NumberDeps,
} from './http/numbers'
import { reason, toChangeRequest, who } from './http/one-number'
import { prefix } from './http/prefix'
import { isWholePlace, wholePlace } from './http/site-names'
import type { Issued } from './ledger/request'

const next = z.strictObject({ prefix, ...asked, hold_seconds: holdSeconds })
const nextMessage = next.refine(isWholePlace, wholePlace)
const batchMessage = next.extend({ count: z.int().min(1).max(maxCount) }).refine(isWholePlace, wholePlace)
const statusMessage = z.strictObject({ prefix, business_date: businessDate.optional() })
const stepMessage = z.strictObject({ prefix: prefix.optional(), full_number: fullNumber, ...who })
const confirmMessage = stepMessage.extend({ reason: reason.optional() })
const releaseMessage = stepMessage.extend({ reason })

/**
 * `sequential.SequentialIDService`: the calls that HTTP has, over gRPC.
 *
 * @param reads what a call that changes nothing reads with
 * @param appFolder the folder of this source, or of the bundle
 */
export function sequentialIdService(deps: NumberDeps, reads: NumberDeps, appFolder: string): GrpcService {
  const { db, allocator, issueForSite } = deps
  const statusOf = statusReader(reads)

  async function issue(call: GrpcCall<z.output<typeof nextMessage> & { count?: number }>) {
    const { message, context, idempotencyKey, timeLeftMs } = call
    const issued = await issueForSite(toIssueRequest(message, context, idempotencyKey), timeLeftMs)
    return { numbers: toNumbers(message.prefix, issued), metadata: metadataOf(issued) }
  }

  async function change(
    event: 'confirm' | 'release',
    { message, context, idempotencyKey, timeLeftMs }: GrpcCall<z.output<typeof confirmMessage>>,
  ): Promise<GrpcReply> {
    const request = await toChangeRequest(db, event, message, context, idempotencyKey)
    const changed = await allocator.change(request, timeLeftMs)
    return { message: toNumbers(request.prefix, changed)[0]!, metadata: metadataOf(changed) }
  }

  return {
    name: 'sequential.SequentialIDService',
    protos: loadProtos(appFolder, 'sequencer.proto'),
    methods: {
      GetNext: grpcMethod({
        message: nextMessage,
        idempotent: true,
        async handle(call) {
          const { numbers, metadata } = await issue(call)
          return { message: numbers[0]!, metadata }
        },
      }),
      GetNextBatch: grpcMethod({
        message: batchMessage,
        idempotent: true,
        async handle(call) {
          const { numbers, metadata } = await issue(call)
          return { message: { numbers }, metadata }
        },
      }),
      GetStatus: grpcMethod({
        message: statusMessage,
        workload: 'read',
        handle: async ({ message: { prefix, business_date } }) => ({
          message: await statusOf(prefix, business_date),
        }),
      }),
      Confirm: grpcMethod({
        message: confirmMessage,
        idempotent: true,
        handle: (call) => change('confirm', call),
      }),
      Release: grpcMethod({
        message: releaseMessage,
        idempotent: true,
        handle: (call) => change('release', call),
      }),
    },
  }
}

const metadataOf = ({ replayed }: Issued) => (replayed ? { 'idempotency-replayed': 'true' } : undefined)
