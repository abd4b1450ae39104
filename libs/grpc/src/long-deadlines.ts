import type { Http2Server, IncomingHttpHeaders } from 'node:http2'
import type { Server } from '@grpc/grpc-js'

const header = 'grpc-timeout'
// The most whole hours whose milliseconds fit in 31 bits.
const longest = '596H'
const longestMs = 596 * 3_600_000
const unitsMs = new Map(Object.entries({ H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000_001 }))

/**
 * Lets callers set deadlines of more than 24 days: grpc-js 1.14 counts their milliseconds in 32 bits, so such a call would
 * end as it begins. For it they are 24 days.
 */
export function takeLongDeadlines(server: Server): void {
  const internals = server as unknown as { createHttp2Server: (credentials: unknown) => Http2Server }
  const create = internals.createHttp2Server.bind(server)
  internals.createHttp2Server = (credentials) =>
    create(credentials).prependListener('stream', (_stream, headers) => shorten(headers))
}

function shorten(headers: IncomingHttpHeaders): void {
  const [, amount, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(String(headers[header])) ?? []
  if (Number(amount) * (unitsMs.get(unit) ?? 0) > longestMs) headers[header] = longest
}
