import { fromJSON, type MessageTypeDefinition } from '@grpc/proto-loader'
import type { AnyAppError } from '@ordinal/errors'

/** As much as is needed of google/rpc/status.proto and error_details.proto: https://google.aip.dev/193 */
const definitions = fromJSON({
  nested: {
    google: {
      nested: {
        protobuf: {
          nested: {
            Any: message({ type_url: 'string', value: 'bytes' }),
            Duration: message({ seconds: 'int64' }),
          },
        },
        rpc: {
          nested: {
            Status: message({ code: 'int32', message: 'string', details: 'repeated google.protobuf.Any' }),
            ErrorInfo: message({ reason: 'string', domain: 'string' }),
            RetryInfo: message({ retry_delay: 'google.protobuf.Duration' }),
            FieldViolation: message({ field: 'string', description: 'string' }),
            BadRequest: message({ field_violations: 'repeated FieldViolation' }),
          },
        },
      },
    },
  },
})

// Metadata are headers, of which clients take some 8 KB.
const mostViolations = 20

/** An error as `grpc-status-details-bin` has it: with what programs and people may want to know, typed. */
export function statusDetails(code: number, error: AnyAppError): Buffer {
  const { errors, retryAfterSeconds } = error
  const details = [any('ErrorInfo', { reason: error.code.toUpperCase(), domain: 'ordinal' })]
  if (errors) {
    const field_violations = errors
      .slice(0, mostViolations)
      .map(({ path, message }) => ({ field: path, description: message }))
    details.push(any('BadRequest', { field_violations }))
  }
  if (retryAfterSeconds !== undefined)
    details.push(any('RetryInfo', { retry_delay: { seconds: retryAfterSeconds } }))
  return encode('Status', { code, message: error.message, details })
}

const any = (type: string, value: object) => ({
  type_url: `type.googleapis.com/google.rpc.${type}`,
  value: encode(type, value),
})

const encode = (type: string, value: object): Buffer =>
  Buffer.from((definitions[`google.rpc.${type}`] as MessageTypeDefinition<object, object>).serialize(value))

/** A message of fields whose numbers are 1, 2, 3. */
function message(types: Record<string, string>) {
  const fields = Object.entries(types).map(([name, text], index) => {
    const [type = '', repeated] = text.split(' ').reverse()
    return [name, { type, id: index + 1, ...(repeated && { rule: 'repeated' }) }] as const
  })
  return { fields: Object.fromEntries(fields) }
}
