import { setTimeout as delay } from 'node:timers/promises'
import { apiKey, type System } from './system'

export interface Answer {
  status: number
  headers: Headers
  // The tests of each service check its answers against its OpenAPI document.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any
  /** How long it took, in milliseconds. */
  ms: number
}

const answerWithinMs = 60_000

/** Asks a service, as a caller with an API key. */
export async function ask(
  service: { url: string },
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const startedAt = performance.now()
  const answer = await fetch(service.url + path, {
    method,
    headers: {
      'X-API-Key': apiKey,
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(answerWithinMs),
  })
  const text = await answer.text()
  const isJson = answer.headers.get('content-type')?.includes('json')
  return {
    status: answer.status,
    headers: answer.headers,
    body: isJson ? (JSON.parse(text) as unknown) : text,
    ms: performance.now() - startedAt,
  }
}

let users = 0

/** Creates a user, and gives the id. */
export async function createUser({ users: service }: Pick<System, 'users'>): Promise<number> {
  const email = `ada-${++users}@example.com`
  const { status, body } = await ask(service, 'POST', '/api/v1/users', { email, name: 'Ada', age: 36 })
  if (status !== 201) throw new Error(`no user: ${JSON.stringify(body)}`)
  return body.id as number
}

export const orderOf = (userId: number) => ({
  user_id: userId,
  product_id: 'PROD-123',
  quantity: 2,
  total_price: 99.99,
})

export const placeOrder = ({ orders }: System, userId: number, headers?: Record<string, string>) =>
  ask(orders, 'POST', '/api/v1/orders', orderOf(userId), headers)

/** What is read of a part of a document; it may be a reference to another place in it. */
interface Part {
  $ref?: string
  paths?: Record<string, { post?: { requestBody?: Part } }>
  content?: Record<string, { schema?: Part }>
  properties?: Record<string, Part>
  example?: unknown
  examples?: unknown[]
}

/** What a service can be asked to create, with the examples of its document: paths and bodies. */
export async function creationsOf(service: { url: string }): Promise<{ path: string; body: object }[]> {
  const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as Part
  const at = (reference: string) =>
    reference
      .split('/')
      .slice(1)
      .reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], document) as Part
  const resolved = (part: Part | undefined) => (part?.$ref === undefined ? part : at(part.$ref))

  return Object.entries(document.paths ?? {}).flatMap(([path, { post }]) => {
    const media = resolved(post?.requestBody)?.content?.['application/json']
    const fields = resolved(media?.schema)?.properties
    if (!fields || path.includes('{')) return []
    const examples = Object.entries(fields).map(([name, field]) => {
      const { example, examples } = resolved(field) ?? {}
      return [name, example ?? examples?.[0]]
    })
    return [{ path, body: Object.fromEntries(examples) as object }]
  })
}

/** The value of a metric, by the beginning of its line. */
export async function metric(service: { url: string }, name: string): Promise<number> {
  const { body } = await ask(service, 'GET', '/metrics')
  const line = (body as string).split('\n').find((line) => line.startsWith(name))
  if (line === undefined) throw new Error(`There is no metric ${name}`)
  return Number(line.slice(name.length))
}

/** 1, 2, 3, up to n. */
export const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1)

/** The value at the end of a number such as ORD-2026-000042. */
export const valueOf = (number: string) => Number(/-(\d+)$/.exec(number)?.[1])

export const ascending = (values: number[]) => values.sort((a, b) => a - b)

/**
 * Looks until something holds, and fails with what it saw last if that takes too long.
 *
 * @param withinMs where that is promised; by default as long as a machine may take that has much other work
 */
export async function eventually<T>(
  look: () => Promise<T> | T,
  holds: (seen: T) => boolean,
  withinMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (Date.now() > deadline)
      throw new Error(`not within ${withinMs} ms; last seen: ${JSON.stringify(seen)}`)
    await delay(50)
  }
}
