import { loadProtos } from '@ordinal/grpc'
import { createGrpcClient, type GrpcClient } from '@ordinal/testing'
import { ask, createUser, orderOf, upTo } from '../src/calls'
import type { System } from '../src/system'

const numberProtos = loadProtos(__dirname, 'sequencer.proto')
const orderProtos = loadProtos(__dirname, 'orders.proto')

/** What came of many calls. */
interface Calls {
  /** How often each was answered. */
  answered: Map<string, number>
  /** Those that were not answered well. */
  failed: string[]
  /** The numbers of `SG` that were issued. */
  numbers: string[]
}

/**
 * Clients that call everything that the three services are for, for so long, and one administrator.
 *
 * @param token of the administrator
 */
export async function callEverything(
  system: System,
  { clients, ms, token }: { clients: number; ms: number; token: string },
): Promise<Calls> {
  const { users, orders, sequencer } = system
  const calls: Calls = { answered: new Map(), failed: [], numbers: [] }
  let deadline = 0

  async function call(
    service: { url: string },
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) {
    const answer = await ask(service, method, path, body, headers)
    const route = `${method} ${path.replace(/\?.*/, '').replaceAll(/\/(?!v1)([\w-]*\d+|Q+)(?=\/|$)/g, '/…')}`
    calls.answered.set(route, (calls.answered.get(route) ?? 0) + 1)
    if (answer.status >= 400) calls.failed.push(`${route}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  async function callGrpc(client: GrpcClient, method: string, message: object, metadata = {}) {
    const { code, body } = await client.call(method, message, { metadata })
    calls.answered.set(method, (calls.answered.get(method) ?? 0) + 1)
    if (code !== 'OK') calls.failed.push(`${method}: ${code} ${body}`)
    return body
  }
  const numbersClient = createGrpcClient(sequencer.grpcAt, numberProtos, 'sequential.SequentialIDService')
  const ordersClient = createGrpcClient(orders.grpcAt, orderProtos, 'orders.OrderService')
  const keyed = (key: string) => ({ 'Idempotency-Key': key })

  const stories: ((key: string) => Promise<void>)[] = [
    async function issue(key) {
      const first = await call(sequencer, 'POST', '/api/v1/next/SG', {}, keyed(key))
      const again = await call(sequencer, 'POST', '/api/v1/next/SG', {}, keyed(key))
      if (again.full_number !== first.full_number) calls.failed.push(`${key} has two numbers`)
      calls.numbers.push(first.full_number)
      await call(sequencer, 'GET', `/api/v1/numbers/${first.full_number}`)
    },
    async function issueMany() {
      const { numbers } = await call(sequencer, 'POST', '/api/v1/next/SG', { count: 5 })
      calls.numbers.push(...(numbers as { full_number: string }[]).map(({ full_number }) => full_number))
      await call(sequencer, 'GET', '/api/v1/status/SG')
      await call(sequencer, 'GET', '/api/v1/preview/INV')
    },
    async function reserve() {
      const [kept, left] = await Promise.all(
        upTo(2).map(() => call(sequencer, 'POST', '/api/v1/next/INV', { hold_seconds: 60 })),
      )
      await call(sequencer, 'POST', `/api/v1/numbers/${kept.full_number}/confirm`, {})
      await call(sequencer, 'POST', `/api/v1/numbers/${left.full_number}/release`, { reason: 'not needed' })
    },
    async function drawForSite() {
      const site = { site_id: 'site-1', partition_id: 'partition-a', invoice_type: 'on-cycle' }
      await call(sequencer, 'POST', '/api/v1/sequence/next', site)
      await call(sequencer, 'POST', '/v1/sequence')
    },
    async function keepUser() {
      const id = await createUser(system)
      await call(users, 'GET', `/api/v1/users/${id}`)
      await call(users, 'PATCH', `/api/v1/users/${id}`, { name: 'Grace' })
    },
    async function order(key) {
      const body = orderOf(await createUser(system))
      const placed = await call(orders, 'POST', '/api/v1/orders', body, keyed(key))
      if (placed.id === undefined) return
      const again = await call(orders, 'POST', '/api/v1/orders', body, keyed(key))
      if (again.id !== placed.id) calls.failed.push(`${key} has two orders`)
      await call(orders, 'GET', `/api/v1/orders/${placed.id}`)
    },
    async function issueByGrpc(key) {
      const metadata = { 'idempotency-key': key }
      const first = await callGrpc(numbersClient, 'GetNext', { prefix: 'SG' }, metadata)
      const again = await callGrpc(numbersClient, 'GetNext', { prefix: 'SG' }, metadata)
      if (again.full_number !== first.full_number) calls.failed.push(`${key} has two numbers`)
      const { numbers } = await callGrpc(numbersClient, 'GetNextBatch', { prefix: 'SG', count: 3 })
      calls.numbers.push(...[first, ...numbers].map(({ full_number }) => full_number))
      await callGrpc(numbersClient, 'GetStatus', { prefix: 'SG' })
    },
    async function reserveByGrpc() {
      const reserved = () => callGrpc(numbersClient, 'GetNext', { prefix: 'INV', hold_seconds: 60 })
      const [kept, left] = await Promise.all([reserved(), reserved()])
      await callGrpc(numbersClient, 'Confirm', { full_number: kept.full_number })
      await callGrpc(numbersClient, 'Release', { full_number: left.full_number, reason: 'not needed' })
    },
    async function orderByGrpc(key) {
      const order = orderOf(await createUser(system))
      const metadata = { 'idempotency-key': key }
      const placed = await callGrpc(ordersClient, 'CreateOrder', order, metadata)
      await callGrpc(ordersClient, 'GetOrder', { id: placed.order?.id })
      await callGrpc(ordersClient, 'ListOrders', { page_size: 5 })
    },
  ]

  async function client(name: number): Promise<void> {
    for (let n = 0; performance.now() < deadline; n += 1)
      await stories[(name + n) % stories.length]!(`client-${name}-${n}`)
  }

  /** What few do, and what takes its time. */
  async function administrate(): Promise<void> {
    const admin = { Authorization: `Bearer ${token}` }
    for (let n = 1; performance.now() < deadline; n += 1) {
      const prefix = 'Q'.repeat(n)
      await call(sequencer, 'POST', '/api/v1/sequences', { prefix, template: '{prefix}{seq}' }, admin)
      await call(sequencer, 'PUT', `/api/v1/sequences/${prefix}`, { gap_policy: 'strict' }, admin)
      await call(sequencer, 'POST', `/api/v1/next/${prefix}`, {})
      const reads = [
        'audit?prefix=SG',
        'audit/export?format=csv&prefix=INV',
        'gaps/INV',
        'sequence/stats',
        'audit/verify',
      ]
      for (const path of reads) await call(sequencer, 'GET', `/api/v1/${path}`)
      await call(users, 'GET', '/api/v1/users?page_size=20&search=Grace')
      await call(orders, 'GET', '/api/v1/orders?page_size=20')
    }
  }

  // The first call of each kind opens connections and compiles code: on a busy machine many at once would time out.
  for (const [n, story] of stories.entries()) await story(`first-${n}`)
  deadline = performance.now() + ms
  await Promise.all([...upTo(clients).map(client), administrate()])
  numbersClient.close()
  ordersClient.close()
  return calls
}

/** Listens to the live stream of the sequencer. */
export async function listen({ sequencer }: System, token: string) {
  const ending = new AbortController()
  const { body } = await fetch(`${sequencer.url}/api/v1/stream`, {
    headers: { Authorization: `Bearer ${token}` },
    signal: ending.signal,
  })
  let text = ''
  const read = async () => {
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) text += chunk
  }
  read().catch(() => {})
  return { text: () => text, stop: () => ending.abort() }
}
