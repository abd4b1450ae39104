import http from 'node:http'
import https from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import { credentials } from '@grpc/grpc-js'
import { loadProtos } from '@ordinal/grpc'
import { createGrpcClient, type GrpcClient } from '@ordinal/testing'
import { orderOf, upTo } from './calls'
import { publicNames, type Pairs } from './pairs'
import type { ServiceProcess } from './service'
import { apiKey } from './system'

const answerWithinMs = 30_000
// Full load: `SYSTEM_TEST_PAUSE_MS=0`.
const pauseMs = Number(process.env.SYSTEM_TEST_PAUSE_MS ?? 150)
const metadata = { 'x-api-key': apiKey }

interface Answered {
  status: number
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any
}

/** Callers who never ask twice: each request that is not answered well is a failure. */
export interface Callers {
  /** How often each kind of request was answered well. */
  answered: Map<string, number>
  failed: string[]
  /** The numbers of `SG`, as they were answered. */
  numbers: string[]
  /** Lets each caller finish the request that it is at. */
  stop(): Promise<void>
}

/**
 * Starts callers of all three services: over HTTP/1.1 with connections that they keep, and over gRPC with one connection each;
 * through HAProxy, and past it to the instances themselves.
 */
export async function startCallers(pairs: Pairs): Promise<Callers> {
  const { door, sequencers } = pairs
  const calls: Callers = { answered: new Map(), failed: [], numbers: [], stop }
  const secure = new https.Agent({ keepAlive: true, ca: door.ca })
  const plain = new http.Agent({ keepAlive: true })
  const clients: GrpcClient[] = []
  let stopping = false

  const through = (servername: string) => ({ ...door, agent: secure, servername, host: door.host })
  const passing = ({ port }: ServiceProcess) => ({ agent: plain, host: door.host, port })
  type Way = ReturnType<typeof through> | ReturnType<typeof passing>

  function ask(way: Way, method: string, path: string, body: object): Promise<Answered> {
    const isSecure = 'servername' in way
    return new Promise((resolve, reject) => {
      const request = (isSecure ? https : http).request({
        ...way,
        method,
        path,
        headers: {
          'x-api-key': apiKey,
          'content-type': 'application/json',
          ...(isSecure && { host: way.servername }),
        },
        timeout: answerWithinMs,
      })
      request.on('timeout', () => request.destroy(new Error('no answer in time')))
      request.on('error', reject)
      request.on('response', (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('error', reject)
        response.on('end', () => resolve({ status: response.statusCode!, body: parsed(text) }))
      })
      request.end(method === 'GET' ? undefined : JSON.stringify(body))
    })
  }

  async function post(kind: string, way: Way, path: string, body: object, field: string) {
    const answer = await ask(way, 'POST', path, body).catch((error: NodeJS.ErrnoException) => ({
      status: 0,
      body: `${error.code} ${error.message}`,
    }))
    const isGood = answer.status >= 200 && answer.status < 300 && answer.body[field] != null
    if (isGood) count(kind)
    else fail(kind, `${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`)
    return isGood ? answer.body : undefined
  }
  async function call(kind: string, client: GrpcClient, method: string, message: object) {
    const { code, body } = await client.call(method, message, { metadata, deadlineMs: answerWithinMs })
    if (code === 'OK') count(kind)
    else fail(kind, `${code} ${body}`)
    return code === 'OK' ? body : undefined
  }
  const fail = (kind: string, what: string) => {
    calls.failed.push(`${new Date().toISOString()} ${kind}: ${what}`)
  }
  const count = (kind: string) => void calls.answered.set(kind, (calls.answered.get(kind) ?? 0) + 1)
  const keep = (answer: { full_number: string } | undefined) => {
    if (answer) calls.numbers.push(answer.full_number)
  }

  const numberProtos = loadProtos(__dirname, 'sequencer.proto')
  const orderProtos = loadProtos(__dirname, 'orders.proto')
  function grpc(
    at: string,
    service: 'numbers' | 'orders',
    options = {},
    security = credentials.createInsecure(),
  ) {
    const [protos, name] =
      service === 'numbers'
        ? [numberProtos, 'sequential.SequentialIDService']
        : [orderProtos, 'orders.OrderService']
    const client = createGrpcClient(at, protos, name, options, security)
    clients.push(client)
    return client
  }
  const grpcThrough = (service: 'numbers' | 'orders') =>
    grpc(
      `${door.host}:${door.port}`,
      service,
      {
        'grpc.ssl_target_name_override': publicNames[service],
        'grpc.default_authority': publicNames[service],
      },
      credentials.createSsl(Buffer.from(door.ca)),
    )

  const [users, orders, numbers] = [publicNames.users, publicNames.orders, publicNames.numbers].map(
    through,
  ) as [Way, Way, Way]
  const ada = { name: 'Ada', age: 36 }
  const user = await ask(users, 'POST', '/api/v1/users', { ...ada, email: 'ada@example.com' })
  const order = orderOf(user.body.id as number)
  const ready = followReadiness(sequencers)
  const bothInstances = grpc(`ipv4:${sequencers[0].grpcAt},${sequencers[1].grpcAt}`, 'numbers', {
    'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  })
  const [numbersClient, ordersClient] = [grpcThrough('numbers'), grpcThrough('orders')]
  let names = 0

  /** Each is told again and again, by so many callers. */
  const stories: [callers: number, story: () => Promise<unknown>][] = [
    [6, async () => keep(await post('number', numbers, '/api/v1/next/SG', {}, 'full_number'))],
    [3, () => post('order', orders, '/api/v1/orders', order, 'order_number')],
    [1, () => post('user', users, '/api/v1/users', { ...ada, email: `user-${++names}@example.com` }, 'id')],
    [
      2,
      async () =>
        keep(await post('number of an instance', passing(ready()), '/api/v1/next/SG', {}, 'full_number')),
    ],
    [2, async () => keep(await call('number by gRPC', numbersClient, 'GetNext', { prefix: 'SG' }))],
    [1, () => call('order by gRPC', ordersClient, 'CreateOrder', order)],
    [
      1,
      async () =>
        keep(await call('number by gRPC of an instance', bothInstances, 'GetNext', { prefix: 'SG' })),
    ],
  ]
  const all = Promise.all(
    stories.flatMap(([callers, story]) =>
      upTo(callers).map(async () => {
        // With pauses: connections rest, too, and what starts beside them gets some of the processor.
        for (; !stopping; await delay(Math.random() * pauseMs)) await story()
      }),
    ),
  )

  async function stop(): Promise<void> {
    stopping = true
    await all
    await ready.stop()
    secure.destroy()
    plain.destroy()
    for (const client of clients) client.close()
  }
  return calls
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A caller without a balancer, which asks whether instances are ready: gives each time one that was, a moment ago. */
function followReadiness(instances: readonly ServiceProcess[]) {
  let ready = [...instances]
  let turn = 0
  let stopped = false
  const watching = (async () => {
    for (; !stopped; await delay(100)) {
      const states = await Promise.all(instances.map((instance) => instance.isReady()))
      ready = instances.filter((_, index) => states[index])
    }
  })()
  const next = () => ready[turn++ % ready.length] ?? instances[0]!
  return Object.assign(next, {
    stop: () => {
      stopped = true
      return watching
    },
  })
}
