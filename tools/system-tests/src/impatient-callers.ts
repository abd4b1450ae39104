import { setTimeout as delay } from 'node:timers/promises'
import { credentials, type ChannelOptions } from '@grpc/grpc-js'
import { loadProtos } from '@ordinal/grpc'
import { createGrpcClient, type GrpcClient } from '@ordinal/testing'
import { orderOf, upTo } from './calls'
import { keepConnections, type Way } from './kept-connections'
import { publicNames, type Pairs } from './pairs'
import type { ServiceProcess } from './service'
import { apiKey } from './system'

const answerWithinMs = 30_000
const numberService = 'sequential.SequentialIDService'
const orderService = 'orders.OrderService'

/** What a request got: undefined if it failed. */
type Got = Record<string, unknown> | undefined

/** Callers that never ask twice: each request that is not answered well is a failure. */
export interface Callers {
  /** How often each kind of request was answered well. */
  answered: Map<string, number>
  failed: string[]
  /** The longest that one took, in ms. */
  slowestMs(): number
  /** How long they have called, until they were stopped. */
  seconds(): number
  /** The numbers of `SG`, as they were answered. */
  numbers: string[]
  /** Lets each caller finish the request that it is at. */
  stop(): Promise<void>
}

/**
 * Starts callers of all three services: over HTTP/1.1 on connections that they keep, and over gRPC on one connection each;
 * through HAProxy, and past it to the instances themselves.
 *
 * @param pauseMs of each caller between two requests, at most: connections rest, too. 0 for all that the machine gives
 */
export async function startCallers(pairs: Pairs, pauseMs: number): Promise<Callers> {
  const { door, sequencers } = pairs
  const tally = createTally()
  const http = keepConnections()
  const grpc = createGrpcClients(pairs)
  const ready = followReadiness(sequencers)
  let stopping = false

  const through = (name: string): Way => ({ host: door.host, port: door.port, secure: { ca: door.ca, name } })
  const past = ({ port }: ServiceProcess): Way => ({ host: door.host, port })
  const [users, orders, numbers] = [
    through(publicNames.users),
    through(publicNames.orders),
    through(publicNames.numbers),
  ]

  const post = (kind: string, ways: Way[], path: string, body: object, field: string) =>
    tally.of(kind, async () => {
      const answer = await atFirstThatListens(ways, (way) => http.post(way, path, body))
      const isGood = answer.status < 300 && (answer.body as Got)?.[field] != null
      if (!isGood) throw new Error(`${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`)
      return answer.body as Got
    })
  const call = (kind: string, client: GrpcClient, method: string, message: object) =>
    tally.of(kind, async () => {
      // An instance that was replaced is connected to again after a while, and meanwhile the other may be gone.
      const options = { metadata: { 'x-api-key': apiKey }, deadlineMs: answerWithinMs, waitForReady: true }
      const { code, body } = await client.call(method, message, options)
      if (code !== 'OK') throw new Error(`${code} ${body}`)
      return body as Got
    })
  const keep = (answer: Got) => {
    if (answer) tally.numbers.push(String(answer.full_number))
  }

  const ada = { name: 'Ada', age: 36 }
  const addUser = (email: string) => http.post(users, '/api/v1/users', { ...ada, email })
  const order = orderOf((await addUser('ada@example.com')).body.id as number)
  let names = 0
  const next = ['/api/v1/next/SG', {}, 'full_number'] as const

  /** Each is told again and again, by so many callers. */
  const stories: [callers: number, story: () => Promise<unknown>][] = [
    [6, async () => keep(await post('number', [numbers], ...next))],
    [2, async () => keep(await post('number of an instance', ready().map(past), ...next))],
    [2, async () => keep(await call('number by gRPC', grpc.numbers, 'GetNext', { prefix: 'SG' }))],
    [
      1,
      async () => keep(await call('number by gRPC of an instance', grpc.both, 'GetNext', { prefix: 'SG' })),
    ],
    [3, () => post('order', [orders], '/api/v1/orders', order, 'reference')],
    [1, () => call('order by gRPC', grpc.orders, 'CreateOrder', order)],
    [1, () => post('user', [users], '/api/v1/users', { ...ada, email: `user-${++names}@example.com` }, 'id')],
  ]
  const startedAt = performance.now()
  let endedAt: number | undefined
  const all = Promise.all(
    stories.flatMap(([callers, story]) =>
      upTo(callers).map(async () => {
        for (; !stopping; await delay(Math.random() * pauseMs)) await story()
      }),
    ),
  )

  async function stop(): Promise<void> {
    stopping = true
    await all
    endedAt ??= performance.now()
    await ready.stop()
    http.close()
    grpc.close()
  }
  return { ...tally, seconds: () => ((endedAt ?? performance.now()) - startedAt) / 1_000, stop }
}

function createTally() {
  const answered = new Map<string, number>()
  const failed: string[] = []
  const numbers: string[] = []
  let slowestMs = 0

  async function of(kind: string, request: () => Promise<Got>): Promise<Got> {
    const startedAt = performance.now()
    try {
      const got = await request()
      answered.set(kind, (answered.get(kind) ?? 0) + 1)
      slowestMs = Math.max(slowestMs, performance.now() - startedAt)
      return got
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      failed.push(`${new Date().toISOString()} ${kind}: ${code ? `${code} ` : ''}${message}`)
      return undefined
    }
  }
  return { answered, failed, numbers, slowestMs: () => Math.round(slowestMs), of }
}

/** Of numbers and of orders through HAProxy, and of numbers from both instances in turn. */
function createGrpcClients({ door, sequencers }: Pairs) {
  const numberProtos = loadProtos(__dirname, 'sequencer.proto')
  const through = (name: string): ChannelOptions => ({
    'grpc.ssl_target_name_override': name,
    'grpc.default_authority': name,
  })
  const [at, security] = [`${door.host}:${door.port}`, credentials.createSsl(Buffer.from(door.ca))]
  const numbers = createGrpcClient(at, numberProtos, numberService, through(publicNames.numbers), security)
  const orderProtos = loadProtos(__dirname, 'orders.proto')
  const orders = createGrpcClient(at, orderProtos, orderService, through(publicNames.orders), security)
  const inTurn: ChannelOptions = {
    'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
    'grpc.max_reconnect_backoff_ms': 1_000,
  }
  const addresses = `ipv4:${sequencers.map(({ grpcAt }) => grpcAt).join(',')}`
  const both = createGrpcClient(addresses, numberProtos, numberService, inTurn)
  return { numbers, orders, both, close: () => [numbers, orders, both].forEach((client) => client.close()) }
}

/** Sends to the next address where a connection is refused, as clients of a name with several do: nothing was sent. */
async function atFirstThatListens<T>([way, ...others]: Way[], send: (way: Way) => Promise<T>): Promise<T> {
  return send(way!).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ECONNREFUSED' || others.length === 0) throw error
    return atFirstThatListens(others, send)
  })
}

/** A caller without a balancer, which asks whether instances are ready: gives them in turn, those first that were a moment ago. */
function followReadiness(instances: readonly ServiceProcess[]) {
  const ready = new Map(instances.map((instance) => [instance, true]))
  let turn = 0
  let stopped = false
  const watching = Promise.all(
    instances.map(async (instance) => {
      for (; !stopped; await delay(100)) ready.set(instance, await instance.isReady())
    }),
  )
  const next = () => {
    const first = turn++ % instances.length
    const inTurn = [...instances.slice(first), ...instances.slice(0, first)]
    return [true, false].flatMap((is) => inTurn.filter((instance) => ready.get(instance) === is))
  }
  return Object.assign(next, {
    async stop(): Promise<void> {
      stopped = true
      await watching
    },
  })
}
