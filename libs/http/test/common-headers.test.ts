import http from 'node:http'
import express, { type RequestHandler } from 'express'
import { addCommonHeaders, requestContext, securityHeaders } from '@ordinal/middleware'
import { createServer, type Server } from '../src/server/server'

let server: Server
let port: number

const ways: Record<string, RequestHandler> = {
  list: (_req, res) => void res.writeHead(200, ['Content-Length', '2']).end('ok'),
  one: (_req, res) => void res.setHeader('X-Own', '1').end('ok'),
  'list-after-one': (_req, res) =>
    void res.setHeader('X-Own', '1').writeHead(200, ['Content-Length', '2']).end('ok'),
  object: (_req, res) => void res.writeHead(200, { 'X-Own': '1' }).end('ok'),
  message: (_req, res) => void res.writeHead(200, 'Fine', ['X-Own', '1']).end('ok'),
  express: (_req, res) => void res.json({}),
  nothing: (_req, res) => void res.status(204).end(),
  pieces: (_req, res) => {
    res.write('o')
    res.end('k')
  },
}

beforeAll(async () => {
  const app = express()
  server = createServer(app)
  app.use(requestContext(), securityHeaders())
  for (const [way, answer] of Object.entries(ways)) app.get(`/${way}`, answer)
  app.get('/own', (_req, res) => {
    addCommonHeaders(res, ['Cache-Control', 'no-store'])
    res.setHeader('x-frame-options', 'DENY')
    res.setHeader('Cache-Control', 'private')
    res.end()
  })
  port = await server.listen(0, '127.0.0.1')
})
afterAll(() => server.close(0))

const get = (path: string) =>
  new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get({ port, path, agent: false }, (answer) => resolve(answer.resume())).on('error', reject)
  })

const namesIn = ({ rawHeaders }: http.IncomingMessage) =>
  rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())

test.each(Object.keys(ways))('an answer by way of "%s" has each header once', async (way) => {
  const answer = await get(`/${way}`)
  const names = namesIn(answer)
  expect(names).toEqual([...new Set(names)])
  expect(names).toEqual(
    expect.arrayContaining([
      'x-request-id',
      'traceparent',
      'content-security-policy',
      'x-content-type-options',
    ]),
  )
  expect(answer.statusMessage).toBe({ message: 'Fine', nothing: 'No Content' }[way] ?? 'OK')
})

test('an answer that sets a header itself has its own value, once', async () => {
  const answer = await get('/own')
  expect(answer.headers).toMatchObject({ 'x-frame-options': 'DENY', 'cache-control': 'private' })
  const names = namesIn(answer)
  expect(names).toEqual([...new Set(names)])
})
