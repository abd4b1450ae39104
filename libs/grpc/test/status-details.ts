import { fromJSON, type MessageTypeDefinition } from '@grpc/proto-loader'
import type { GrpcAnswer } from '@ordinal/testing'

// By the numbers of https://github.com/googleapis/googleapis/tree/master/google/rpc, of which a client has its own copy.
const field = (id: number, type: string, rule?: 'repeated') => ({ id, type, ...(rule && { rule }) })
const types = fromJSON(
  {
    nested: {
      Any: { fields: { type_url: field(1, 'string'), value: field(2, 'bytes') } },
      Duration: { fields: { seconds: field(1, 'int64') } },
      Status: {
        fields: {
          code: field(1, 'int32'),
          message: field(2, 'string'),
          details: field(3, 'Any', 'repeated'),
        },
      },
      ErrorInfo: { fields: { reason: field(1, 'string'), domain: field(2, 'string') } },
      RetryInfo: { fields: { retry_delay: field(1, 'Duration') } },
      FieldViolation: { fields: { field: field(1, 'string'), description: field(2, 'string') } },
      BadRequest: { fields: { field_violations: field(1, 'FieldViolation', 'repeated') } },
    },
  },
  { longs: Number, keepCase: true },
)
const read = (type: string, bytes: Buffer) =>
  (types[type] as MessageTypeDefinition<object, object>).deserialize(bytes)

/** The details of an error, by their types. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what they are, a test knows
export function detailsIn({ trailers }: GrpcAnswer): Record<string, any> {
  const { details } = read('Status', trailers['grpc-status-details-bin'] as Buffer) as {
    details: { type_url: string; value: Buffer }[]
  }
  return Object.fromEntries(
    details.map(({ type_url, value }) => {
      const type = type_url.replace('type.googleapis.com/google.rpc.', '')
      return [type, read(type, value)]
    }),
  )
}
