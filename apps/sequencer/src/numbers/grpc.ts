import {
  grpcMethod,
  loadProtos,
  withoutUnset,
  type GrpcCall,
  type GrpcReply,
  type GrpcService,
} from '@ordinal/grpc'
import { z } from 'zod'
import { asked, businessDate } from '../api/request-fields'
import { fullNumber, isWholePlace, maxCount, prefix, wholePlace } from '../api/schemas'
import type { Issued } from '../ledger/request'
import type { NumberReads } from './reads'
import { issueTogether, items, refuseSharedKey } from './batch'
import { holdSeconds, reason, statusToJson, toNumbers, clientFields } from './schemas'
import type { AskedStep, NumberService } from './service'

const next = z.strictObject({ prefix, ...asked, hold_seconds: holdSeconds })
const nextMessage = next.refine(isWholePlace, wholePlace)
const batchMessage = next.extend({ count: z.int().min(1).max(maxCount) }).refine(isWholePlace, wholePlace)
const forEachMessage = z.strictObject({
  requests: z.array(z.looseObject({}).transform(withoutUnset)).pipe(items),
})
const statusMessage = z.strictObject({ prefix, business_date: businessDate.optional() })
const stepMessage = z.strictObject({ prefix: prefix.optional(), full_number: fullNumber, ...clientFields })
const confirmMessage = stepMessage.extend({ reason: reason.optional() })
const releaseMessage = stepMessage.extend({ reason })

interface Deps {
  numbers: NumberService
  reads: Pick<NumberReads, 'status'>
}

/**
 * `sequential.SequentialIDService`: the calls that HTTP has, over gRPC.
 *
 * @param appFolder the folder of this source, or of the bundle
 */
export function sequentialIdService({ numbers, reads }: Deps, appFolder: string): GrpcService {
  async function issue(call: GrpcCall<z.output<typeof nextMessage> & { count?: number }>) {
    const issued = await numbers.issue(call.message, call)
    return { numbers: toNumbers(call.message.prefix, issued), metadata: metadataOf(issued) }
  }

  async function change(
    event: AskedStep['event'],
    call: GrpcCall<z.output<typeof confirmMessage>>,
  ): Promise<GrpcReply> {
    const changed = await numbers.change({ event, ...call.message }, call)
    return { message: toNumbers(changed.prefix, changed)[0]!, metadata: metadataOf(changed) }
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
      GetNextForEach: grpcMethod({
        message: forEachMessage,
        // Only to refuse a key.
        idempotent: true,
        async handle({ message, idempotencyKey, ...call }) {
          refuseSharedKey('idempotency-key', idempotencyKey)
          return { message: { results: await issueTogether(numbers, message.requests, call) } }
        },
      }),
      GetStatus: grpcMethod({
        message: statusMessage,
        workload: 'read',
        handle: async ({ message: { prefix, business_date } }) => ({
          message: statusToJson(prefix, await reads.status(prefix, business_date)),
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
