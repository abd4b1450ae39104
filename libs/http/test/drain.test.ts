import { once } from 'node:events'
import http from 'node:http'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import express from 'express'
import { until } from '@ordinal/testing'
import { createServer, type Server } from '../src/server/server'

const servers: Server[] = []
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close(0))))

/** Answers `/after/50` after 50 ms, and `/part/50` with a piece at once and the rest then. */
async function start(): Promise<{ server: Server; port: number }> {
  const app = express()
  app.get('/after/:ms', async (req, res) => {
    await delay(Number(req.params.ms))
    res.json({ path: req.path })
  })
  app.get('/part/:ms', async (req, res) => {
    res.write('begun,')
    await delay(Number(req.params.ms))
    res.end('ended')
  })
  const server = createServer(app)
  servers.push(server)
  return { server, port: await server.listen(0, '127.0.0.1') }
}

/** As services stop. */
async function stop(server: Server, drainMs: number): Promise<void> {
  await server.drain(drainMs)
  await server.close(5_000)
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

async function open(port: number) {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  let received = ''
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()))
  const ended = new Promise<string>((resolve) => socket.once('close', () => resolve(received)))
  await once(socket, 'connect')
  return { send: (text: string) => socket.write(text), received: () => received, ended: () => ended }
}
type Connection = Awaited<ReturnType<typeof open>>

/** Of each answer, whether the connection goes on after it. */
const answersIn = (text: string) =>
  text
    .split('HTTP/1.1 200 OK')
    .slice(1)
    .map((answer) => (answer.includes('Connection: close') ? 'ends' : 'goes on'))
const answered = (connection: Connection, count: number) =>
  until(() => answersIn(connection.received()).length === count)

test('from the drain on each answer ends its connection, those under way too', async () => {
  const { server, port } = await start()
  const [busy, kept, late] = [await open(port), await open(port), await open(port)]
  kept.send(get('/after/0'))
  await answered(kept, 1)
  busy.send(get('/after/2500'))
  await until(() => server.connections() === 3)
  await delay(20)
  const stopping = stop(server, 6_000)
  kept.send(get('/after/0'))
  expect(answersIn(await kept.ended())).toEqual(['goes on', 'ends'])
  expect(answersIn(await busy.ended())).toEqual(['ends'])
  late.send(get('/after/200'))
  expect(answersIn(await late.ended())).toEqual(['ends'])
  await stopping
})

test('requests that were sent together are all answered, and the last ends the connection', async () => {
  const { server, port } = await start()
  const [before, meanwhile] = [await open(port), await open(port)]
  before.send(get('/after/2500') + get('/after/0') + get('/after/50'))
  await delay(30)
  const stopping = stop(server, 6_000)
  meanwhile.send(Array.from({ length: 20 }, (_, n) => get(`/after/${n % 3}`)).join(''))
  expect(answersIn(await meanwhile.ended())).toEqual([...Array<string>(19).fill('goes on'), 'ends'])
  expect(answersIn(await before.ended())).toEqual(['goes on', 'goes on', 'ends'])
  await stopping
})

test('an answer that had begun before it is finished, and an idle connection stays open until the end', async () => {
  const { server, port } = await start()
  const [long, idle] = [await open(port), await open(port)]
  long.send(get('/part/300'))
  await until(() => long.received().includes('begun'))
  const startedAt = performance.now()
  const stopping = stop(server, 100)
  await idle.ended()
  expect(performance.now() - startedAt).toBeGreaterThan(95)
  expect(await long.ended()).toMatch(/begun,.*ended/s)
  await stopping
})

test('what arrives while the event loop is busy is answered, when the drain ends in that moment', async () => {
  const { server, port } = await start()
  const connections = await Promise.all(Array.from({ length: 40 }, () => open(port)))
  const stopping = stop(server, 20)
  // The drain's time is over before the kernel's buffers are looked at.
  const busyUntil = performance.now() + 60
  for (const { send } of connections) send(get('/after/0'))
  const opening = open(port)
  while (performance.now() < busyUntil);
  const fresh = await opening
  fresh.send(get('/after/0'))
  const answers = await Promise.all([fresh, ...connections].map(({ ended }) => ended()))
  expect(answers.map(answersIn)).toEqual(answers.map(() => ['ends']))
  await stopping
})

test('clients that keep connections and never ask twice move to another instance without a failure', async () => {
  const [leaving, staying] = [await start(), await start()]
  const agent = new http.Agent({ keepAlive: true })
  let target = leaving.port
  const counts = { leaving: 0, staying: 0 }
  const ask = (port: number) =>
    new Promise<void>((resolve, reject) => {
      const request = http.get({ agent, port, host: '127.0.0.1', path: '/after/0' }, (response) => {
        response.resume().on('end', resolve).on('error', reject)
      })
      request.on('error', reject)
    })
  let done = false
  const callers = Array.from({ length: 16 }, async () => {
    while (!done) {
      const port = target
      await ask(port)
      counts[port === leaving.port ? 'leaving' : 'staying'] += 1
    }
  })
  await until(() => counts.leaving > 200)
  const stopping = stop(leaving.server, 3_000)
  // As a balancer does once it has seen that the instance is not ready.
  await delay(100)
  target = staying.port
  await stopping
  await until(() => counts.staying > 200)
  done = true
  await Promise.all(callers)
  agent.destroy()
})
