import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import type { RequestHandler } from 'express'
import { parseJsonBody } from '../src'
import { closeServers, serve } from './serve'

afterAll(closeServers)

const body = '{"client_id":"a"}'
const request = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`

// As a program closes it, as one that is killed, and as one that is killed with something unread.
test.each(['end', 'destroy', 'resetAndDestroy'] as const)(
  'a body whose client closes the connection by %s before it is read is not taken for none',
  async (close) => {
    const steps = new EventEmitter()
    const [arrived, read] = [once(steps, 'arrived'), once(steps, 'read')]
    const parse = parseJsonBody(1_000)
    // Such as a rate limit that asks Redis.
    const untilClosed: RequestHandler = (req, _res, next) => {
      req.socket.once('close', () => next())
      steps.emit('arrived')
    }
    const take: RequestHandler = (req, res) =>
      parse(req, res, (error?: unknown) => steps.emit('read', error ?? { body: req.body as unknown }))
    const { port } = await serve(() => [untilClosed, take])

    const client = connect(port, '127.0.0.1')
    await once(client, 'connect')
    client.resume().write(request)
    await arrived
    client[close]()
    expect(await read).toMatchObject([{ code: 'request_timeout' }])
  },
)
