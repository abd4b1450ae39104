import { status as codes } from '@grpc/grpc-js'
import type { Span } from '@ordinal/tracing'

// As the semantic conventions have it for servers: the others are the caller's doing.
const faults = new Set([
  codes.UNKNOWN,
  codes.DEADLINE_EXCEEDED,
  codes.UNIMPLEMENTED,
  codes.INTERNAL,
  codes.UNAVAILABLE,
  codes.DATA_LOSS,
])

interface EndedCall {
  /** As in `orders.OrderService/CreateOrder`. */
  method: string
  requestId: string
  code: codes
  aborted: boolean
  /** The code of our error; undefined if the library, or the client, has ended the call. */
  refused: string | undefined
}

/** Ends the span of a call, by OpenTelemetry's semantic conventions for gRPC servers. */
export function endSpan(span: Span, { method, requestId, code, aborted, refused }: EndedCall): void {
  // A client must not be able to add names of spans.
  const known = code === codes.UNIMPLEMENTED ? '_OTHER' : method
  span.rename(known)
  span.set({
    'rpc.system.name': 'grpc',
    'rpc.method': known,
    'rpc.response.status_code': codes[code],
    'ordinal.request_id': requestId,
  })
  if (aborted) span.set({ 'ordinal.aborted': true })
  if (faults.has(code)) span.fail(refused ?? codes[code])
  else if (refused !== undefined) span.set({ 'ordinal.error.code': refused })
  span.end()
}
