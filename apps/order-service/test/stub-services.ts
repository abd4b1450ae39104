import { isDeepStrictEqual } from 'node:util'
import { startStub } from './stub'

/** A user service that knows 1 to 5, of whom 5 is not active. */
export async function startUserService() {
  const users = new Map(
    [1, 2, 3, 4, 5].map((id) => [id, { id, email: `u${id}@example.com`, active: id < 5 }]),
  )
  const stub = await startStub(({ path }) => {
    const user = users.get(Number(/^\/api\/v1\/users\/(\d+)$/.exec(path)?.[1]))
    return user ? { status: 200, body: user } : { status: 404, body: { code: 'user_not_found' } }
  })
  return Object.assign(stub, { users })
}

/** A sequencer that gives each key one number, `ORD-1`, `ORD-2` and so on, and refuses a key with another body, or one that a test names. */
export async function startSequencer() {
  const issued = new Map<string, { body: unknown; number: string }>()
  const refused = new Set<string>()
  const stub = await startStub(({ method, path, headers, body }) => {
    if (method !== 'POST' || path !== '/api/v1/next/ORD')
      return { status: 404, body: { code: 'route_not_found' } }
    const key = String(headers['idempotency-key'])
    if (refused.has(key)) return { status: 409, body: { code: 'sequence_exhausted' } }
    const known = issued.get(key) ?? { body, number: `ORD-${issued.size + 1}` }
    if (!isDeepStrictEqual(known.body, body)) return { status: 422, body: { code: 'idempotency_key_reused' } }
    issued.set(key, known)
    const counter = Number(known.number.slice(4))
    return {
      status: 200,
      body: { full_number: known.number, counter, prefix: 'ORD', period: '', state: 'issued' },
    }
  })
  return Object.assign(stub, { issued, refused })
}
