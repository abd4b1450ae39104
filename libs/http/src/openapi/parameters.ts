import { timeoutHeader } from '@ordinal/deadline'
import { isTagged } from '../conditions'
import type { Route } from '../route'

/** The headers that a request may have, if there are any. */
export function parametersOf(route: Route) {
  const parameters = [
    ...(route.idempotent ? [idempotencyKey] : []),
    ...(route.conditional || isTagged(route) ? [ifMatch] : []),
    ...(isTagged(route) ? [ifNoneMatch] : []),
    ...(route.timed ? [timeout] : []),
  ]
  return parameters.length > 0 && { parameters }
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  description: 'Makes the request safe to repeat: the same key with the same request gets the same answer.',
  schema: { type: 'string' as const, maxLength: 255 },
}

const ifMatch = {
  name: 'If-Match',
  in: 'header' as const,
  description:
    'Only if it still has the version of one of these ETags: else 412, and nothing changes. Weak tags, tags that a proxy has marked as compressed, and versions without quotes count by their version',
  schema: { type: 'string' as const, examples: ['"1"'] },
}

const ifNoneMatch = {
  name: 'If-None-Match',
  in: 'header' as const,
  description: 'Only if the ETag is none of these: else 304, without a body. Weak tags count as strong ones',
  schema: { type: 'string' as const, examples: ['"1"'] },
}

const timeout = {
  name: timeoutHeader,
  in: 'header' as const,
  description: 'How many milliseconds the caller waits: what has not begun by then is not begun.',
  schema: { type: 'integer' as const, minimum: 1, maximum: 3_600_000 },
}
