import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { until } from '@ordinal/testing'
import { creationsOf } from '../src/calls'
import { createDatabase, type ServiceDatabase } from '../src/databases'
import { createService, serviceNames, type ServiceProcess } from '../src/service'

// What does not wait for it ends long before, on a busy machine, too.
const distantBoundMs = 60_000
const boundMs = 2_000
// For what a request would not wait for: the pool, the log, the process itself, and the pauses of a busy machine. Less than
// the half minute that a body may take.
const slackMs = 20_000

const halfBody = (path: string) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a"`
const posting: Record<string, string> = {
  'user-service': '/api/v1/users',
  'order-service': '/api/v1/orders',
  sequencer: '/api/v1/next/SG',
}

describe.each(serviceNames)('%s', (name) => {
  let database: ServiceDatabase
  let service: ServiceProcess
  beforeEach(async () => {
    database = await createDatabase(name)
    service = await createService(name, database.environment)
  })
  afterEach(async () => {
    await service.remove()
    await database.drop()
  })

  async function startBounded(ms: number): Promise<void> {
    service.configure({ SHUTDOWN_TIMEOUT: String(ms / 1000) })
    await service.start()
  }

  async function endTimed(): Promise<{ code: unknown; ms: number }> {
    const startedAt = performance.now()
    const code = await service.end()
    return { code, ms: performance.now() - startedAt }
  }

  test('SIGTERM does not wait for connections that are idle or sent half a header', async () => {
    await startBounded(distantBoundMs)
    const sockets = await Promise.all([
      openSocket(service, ''),
      openSocket(service, 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'),
      openSocket(service, 'GET /health/live HTTP/1.1\r\nHo'),
    ])
    await until(() => sockets[1].bytesRead > 0)
    expect(sockets.map(({ closed }) => closed)).toEqual([false, false, false])

    const { code, ms } = await endTimed()
    expect(code).toBe(0)
    expect(ms).toBeLessThan(distantBoundMs / 2)
    await until(() => sockets.every(({ closed }) => closed))
    expect(sockets.map(({ closed }) => closed)).toEqual([true, true, true])
  })

  test('SIGTERM waits until the bound, and no longer, for a body that does not come', async () => {
    await startBounded(boundMs)
    const socket = await openSocket(service, halfBody(posting[name] ?? (await creationsOf(service))[0]!.path))
    // The service has the request when it answers another that was sent later.
    await fetch(`${service.url}/health/live`)
    expect(socket.closed).toBe(false)

    const { code, ms } = await endTimed()
    expect(code).toBe(0)
    // Less would mean that no request was under way.
    expect(ms).toBeGreaterThan(boundMs - 100)
    expect(ms).toBeLessThan(boundMs + slackMs)
  })
})

async function openSocket(service: ServiceProcess, text: string): Promise<Socket> {
  const socket = connect(service.port, new URL(service.url).hostname).on('error', () => {})
  socket.resume()
  await once(socket, 'connect')
  if (text) await new Promise((sent) => socket.write(text, sent))
  return socket
}
