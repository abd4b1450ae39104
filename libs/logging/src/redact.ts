// Compared without case and punctuation, so that `apiKey`, `api_key` and `X-API-Key` are one name.
const secretNames =
  /^(x?apikey|authorization|proxyauthorization|cookie|setcookie|password|passwd|secret|clientsecret|jwtsecret|token|accesstoken|refreshtoken|idtoken|databaseurl|redisurl)$/

const mark = '[redacted]'
const deepest = 6

// Lines have the same few names; names that a stranger chooses do not fill the memory.
const known = new Map<string, boolean>()
const mostKnown = 1000

/** Tells whether a field of this name holds a secret. */
function isSecretName(name: string): boolean {
  const before = known.get(name)
  if (before !== undefined) return before
  const secret = secretNames.test(name.replace(/[^A-Za-z]/g, '').toLowerCase())
  if (known.size < mostKnown) known.set(name, secret)
  return secret
}

/** A text without the passwords of URLs, tokens, and API keys that administrators make, wherever in it they are. */
function withoutCredentials(text: string): string {
  const withoutKeys = text.includes('ordinal_') ? text.replace(managedKeys, `ordinal_$1_${mark}`) : text
  const shown = withoutKeys.includes(tokenStart) ? withoutTokens(withoutKeys) : withoutKeys
  return shown.includes('://') ? withoutPasswords(shown) : shown
}

/** The keys that administrators make, or what was sent for one; their ids are no secrets. */
const managedKeys = /ordinal_([0-9A-Za-z]{12})_[0-9A-Za-z]+/g

// What base64url makes of `{"`, with which the header of each JWT begins.
const tokenStart = 'eyJ'
const shortestHeader = 12

/** A text without what has the form of a JWT. Run by run, each looked at once, as in `withoutPasswords`. */
function withoutTokens(text: string): string {
  return text.replace(/[\w.-]+/g, (run) => {
    const start = run.indexOf(tokenStart)
    return start >= 0 && run.indexOf('.', start) >= start + shortestHeader ? run.slice(0, start) + mark : run
  })
}

/**
 * `postgres://user:secret@host` without the secret, which may have any character but a space.
 *
 * Word by word, each looked at once: an expression for all of it takes quadratic time for `a://b:a://b:` and so on, and
 * who sends us paths may choose them.
 */
function withoutPasswords(text: string): string {
  return text.replace(/\S+/g, (word) => {
    const end = word.lastIndexOf('@')
    const user = /\w:\/\/[^:/@]*:/.exec(word)
    if (!user || user.index + user[0].length > end) return word
    return word.slice(0, user.index + user[0].length) + mark + word.slice(end)
  })
}

/**
 * A copy of a value for the log: fields with the name of a secret and passwords in URLs are replaced, errors
 * become objects, and what JSON cannot say becomes text. Never throws, and ends on cycles.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return withoutCredentials(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (depth >= deepest) return '[deeper]'
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (value instanceof Error) return redactError(value, depth)
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1))
  const copy: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(value)) copy[name] = redactField(name, field, depth)
  return copy
}

// A checkpoint has the form of a token, and is for whoever keeps the log.
const isPublic = (name: string, value: unknown) => name === 'checkpoint' && typeof value === 'string'

/** What a field of this name shows in the log. */
export function redactField(name: string, value: unknown, depth = 0): unknown {
  if (isPublic(name, value)) return value
  return isSecretName(name) ? mark : redact(value, depth + 1)
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { code } = error as { code?: unknown }
  return {
    type: error.name,
    message: withoutCredentials(error.message),
    ...(typeof code === 'string' && { code }),
    stack: withoutCredentials(error.stack ?? ''),
    ...(error.cause !== undefined && { cause: redact(error.cause, depth + 1) }),
  }
}
