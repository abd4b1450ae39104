import type { Span } from '@ordinal/tracing'
import type { Answer, ServiceRequest } from './http'

/** Begins the span of one attempt of a call, by the semantic conventions for HTTP clients; undefined without a parent. */
export function spanOfCall(
  { method, template, span: parent }: ServiceRequest,
  { hostname, port, protocol }: URL,
  repeated: number,
): Span | undefined {
  return parent?.child(template === undefined ? method : `${method} ${template}`, 'client', {
    'http.request.method': method,
    ...(template !== undefined && { 'url.template': template }),
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
    ...(repeated > 0 && { 'http.request.resend_count': repeated }),
  })
}

/** The request as its span goes on with the trace. */
export const tracedRequest = (request: ServiceRequest, span: Span): ServiceRequest => ({
  ...request,
  headers: { ...request.headers, traceparent: span.traceparent },
})

const saneCode = /^[a-z][a-z0-9_]{0,63}$/

/** Notes an answer: as the conventions have it for clients, one from 400 on is an error. */
export function noteAnswer(span: Span, { status, data }: Answer): void {
  span.set({ 'http.response.status_code': status })
  if (status < 400) return
  const { code } = (typeof data === 'object' && data !== null ? data : {}) as { code?: unknown }
  span.fail(typeof code === 'string' && saneCode.test(code) ? code : String(status))
}
