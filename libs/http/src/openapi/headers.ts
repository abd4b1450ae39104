const text = { type: 'string' as const }
const whole = { type: 'integer' as const }

/** The headers of answers. Each answer has those that apply to it. */
export const headers = {
  'X-Request-Id': {
    description: 'The id of the request in logs: as it was sent, or generated',
    schema: text,
  },
  ETag: {
    description: 'The version, and what else the answer depends on; for If-Match and If-None-Match',
    schema: text,
  },
  Location: { description: 'The path of what was created', schema: text },
  'Idempotency-Replayed': {
    description: '`true` if this is the answer that the same Idempotency-Key got before',
    schema: { ...text, enum: ['true'] },
  },
  'Retry-After': { description: 'Seconds until another try makes sense', schema: whole },
  'Accept-Patch': { description: 'The media types that a PATCH takes', schema: text },
  'WWW-Authenticate': { description: 'How to authenticate, and what was wrong', schema: text },
  'RateLimit-Limit': {
    description: 'Requests a second of one client, where there is a limit',
    schema: whole,
  },
  'RateLimit-Remaining': { description: 'How many of them are left', schema: whole },
  'RateLimit-Reset': { description: 'Seconds until all of them are there again', schema: whole },
}
export type HeaderName = keyof typeof headers

/** References to headers, if there are any. */
export const headersOf = (names: readonly HeaderName[]) =>
  names.length > 0 && {
    headers: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
  }
