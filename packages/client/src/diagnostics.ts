import type { CallOptions } from './options'
import type { Send } from './send'

/** What there is to know of an instance to judge it. For administrators, and keys with the scope `diagnostics:read`. */
export const diagnosticsOf =
  <Diagnostics>(send: Send) =>
  (options?: CallOptions) =>
    send<Diagnostics>({ method: 'GET', path: '/api/v1/diagnostics' }, options)
