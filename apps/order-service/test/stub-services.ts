import { isDeepStrictEqual } from 'node:util'
import { startStub, type StubAnswer } from './stub'

/** A user service that knows 1 to 5, of whom 5 is not active. */
export async function startUserService() {
  const users = new Map(
    [1, 2, 3, 4, 5].map((id) => [id, { id, email: `u${id}@example.com`, active: id < 5 }]),
  )
  const stub = await startStub(({ path }) => {
    const ids = /^\/api\/v1\/users:batchGet\?ids=([\d,%C]+)$/.exec(path)?.[1]
    if (ids !== undefined) {
      const asked = decodeURIComponent(ids).split(',').map(Number)
      return { status: 200, body: { data: asked.flatMap((id) => users.get(id) ?? []) } }
    }
    const user = users.get(Number(/^\/api\/v1\/users\/(\d+)$/.exec(path)?.[1]))
    return user ? { status: 200, body: user } : { status: 404, body: { code: 'user_not_found' } }
  })
  return Object.assign(stub, { users })
}

/** A sequencer that gives each key one number, `ORD-1`, `ORD-2` and so on, and refuses a key with another body, or one that a test names. */
export async function startSequencer() {
  const issued = new Map<string, { body: unknown; number: string }>()
  const refused = new Set<string>()
  function answer(key: string, body: unknown): StubAnswer {
    if (refused.has(key)) return { status: 409, body: { status: 409, code: 'sequence_exhausted' } }
    const known = issued.get(key) ?? { body, number: `ORD-${issued.size + 1}` }
    if (!isDeepStrictEqual(known.body, body))
      return { status: 422, body: { status: 422, code: 'idempotency_key_reused' } }
    issued.set(key, known)
    const counter = Number(known.number.slice(4))
    return {
      status: 200,
      body: { full_number: known.number, counter, prefix: 'ORD', period: '', state: 'issued' },
    }
  }

  function answerTogether({ requests }: { requests: Record<string, unknown>[] }): StubAnswer {
    const results = requests.map(({ idempotency_key: key, client_id, generated_by }) => {
      const { status, body } = answer(String(key), { client_id, generated_by })
      return status === 200 ? { number: body } : { problem: body }
    })
    return { status: 200, body: { results } }
  }

  const stub = await startStub(({ method, path, headers, body }) => {
    if (method === 'POST' && path === '/api/v1/numbers:batch') return answerTogether(body as never)
    if (method === 'POST' && path === '/api/v1/next/ORD')
      return answer(String(headers['idempotency-key']), body)
    return { status: 404, body: { code: 'route_not_found' } }
  })
  /** The keys of all numbers that it was asked for, alone or together. */
  const asked = () =>
    stub.seen.flatMap(({ headers, body }) => {
      const { requests } = (body ?? {}) as { requests?: Record<string, unknown>[] }
      return requests?.map(({ idempotency_key: key }) => key) ?? [headers['idempotency-key']]
    })
  return Object.assign(stub, { issued, refused, asked })
}
