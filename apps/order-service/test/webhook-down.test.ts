import { createServer, type Server } from 'node:http'
import { callersOf, ownAddress, ownPort, type TestCallers } from '@ordinal/testing'
import { anOrder, createWorld, until, type Instance, type World } from './world'

// The pauses of production, fifteen times as fast: 5 s, 5 min, half an hour. So four seconds here are a minute there.
const pauses = '0.333,20,120'
const minuteMs = 4_000

let world: World
let service: Instance
let callers: TestCallers
beforeAll(async () => {
  callers = await callersOf([])
  world = await createWorld()
  service = await world.startService({
    ...callers.env,
    ORDER_SERVICE_WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
    ORDER_SERVICE_WEBHOOK_PAUSES: pauses,
  })
})
afterAll(() => world.end())

interface Told {
  type: string
  subject: string
}
interface Attempted {
  nth: number
  status: number | null
  error: string | null
}

/** A receiver that can be stopped, and comes back where it was. */
function createReceiver() {
  const told: Told[] = []
  let server: Server | undefined
  return {
    told,
    async start(port: number): Promise<void> {
      server = createServer((request, response) => {
        let body = ''
        request.on('data', (chunk: Buffer) => (body += chunk.toString()))
        request.on('end', () => {
          told.push(JSON.parse(body) as Told)
          response.end()
        })
      })
      await new Promise<void>((resolve) => server!.listen(port, ownAddress, resolve))
    },
    async stop(): Promise<void> {
      server?.closeAllConnections()
      await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined))
    },
  }
}

test('a receiver that is down for a minute gets all that happened meanwhile, in order, at the third attempt', async () => {
  const receiver = createReceiver()
  const port = await ownPort()
  await receiver.start(port)
  const asAdmin = { headers: callers.admin }
  const { body: webhook } = await service.api.post(
    '/api/v1/webhooks',
    { url: `http://${ownAddress}:${port}/hook`, event_types: ['order.created', 'order.updated'] },
    asAdmin,
  )
  const read = async (more: string) =>
    (await service.api.get(`/api/v1/webhooks/${webhook.id}${more}`, asAdmin)).body.data
  const change = async () => {
    const { body: order } = await service.api.post('/api/v1/orders', anOrder, asAdmin)
    for (const status of ['confirmed', 'shipped']) {
      const changed = await service.api.patch(`/api/v1/orders/${order.id}`, { status }, asAdmin)
      expect(changed.status).toBe(200)
    }
    return order.reference as string
  }
  await change()
  await until(() => receiver.told.length === 3)
  receiver.told.length = 0

  await receiver.stop()
  const downFrom = Date.now()
  const references = []
  for (let nth = 0; nth < 5; nth += 1) references.push(await change())
  const failedOf = async () => {
    const attempts = (await read('/attempts?page_size=100')) as Attempted[]
    return attempts.filter(({ status }) => status === null)
  }
  // The first event of each order, twice; those behind it wait for it.
  const twice = [1, 1, 1, 1, 1, 2, 2, 2, 2, 2]
  await until(async () => Date.now() - downFrom > minuteMs && (await failedOf()).length === twice.length)
  expect(await read('/deliveries?state=waiting&page_size=100')).toHaveLength(15)
  await receiver.start(port)
  await until(() => receiver.told.length >= 15, 60_000)
  await until(async () => (await read('/deliveries?state=waiting')).length === 0)

  for (const reference of references)
    expect(receiver.told.filter(({ subject }) => subject === reference).map(({ type }) => type)).toEqual([
      'order.created',
      'order.updated',
      'order.updated',
    ])
  expect(receiver.told).toHaveLength(15)
  const failed = await failedOf()
  expect(failed.map(({ nth }) => nth).sort()).toEqual(twice)
  for (const { error } of failed) expect(error).toContain('ECONNREFUSED')
  const attempts = (await read('/attempts?page_size=100')) as Attempted[]
  expect(attempts.filter(({ nth, status }) => nth === 3 && status === 200)).toHaveLength(5)
  await receiver.stop()
})
