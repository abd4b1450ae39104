import { once } from 'node:events'
import http from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import express from 'express'
import { z } from 'zod'
import { createLogger } from '@ordinal/logging'
import { errorHandler, requestContext } from '@ordinal/middleware'
import { collectLog } from '@ordinal/testing'
import { AppError, commonErrors } from '@ordinal/errors'
import { route } from '../src'
import { openApiDocument } from '../src/openapi/document'
import { serveRoutes } from '../src/serve-routes'
import { createServer, type Server } from '../src/server/server'

// In place of 15, 30 and 5 s.
const limits = { headersTimeout: 1_000, requestTimeout: 1_000, connectionsCheckingInterval: 50 }

const count = route({
  method: 'post',
  path: '/count',
  summary: 'Count bytes, up to the first x',
  tag: 'uploads',
  upload: ['text/csv', 'application/x-ndjson'],
  answers: { 200: z.object({ media: z.string(), bytes: z.int() }) },
  async handle({ upload }) {
    let bytes = 0
    for await (const chunk of upload!.chunks) {
      bytes += chunk.length
      if (chunk.includes('x')) throw new AppError('validation_failed', 'there is an x')
    }
    return { status: 200, body: { media: upload!.media, bytes } }
  },
})
const plain = route({
  method: 'post',
  path: '/plain',
  summary: 'Take a body of the usual kind',
  tag: 'uploads',
  body: z.strictObject({ name: z.string() }),
  answers: { 200: z.object({}) },
  handle: () => ({ status: 200, body: {} }),
})

let server: Server
let port: number
beforeEach(async () => {
  const app = express()
  server = createServer(app, undefined, limits)
  app.use(requestContext())
  app.use(serveRoutes([count, plain], { bodyLimitBytes: 100, tokensCheckable: false }))
  app.use(errorHandler(createLogger({ service: 'test', level: 'error', stream: collectLog().stream })))
  port = await server.listen(0, '127.0.0.1')
})
afterEach(() => server.close(0))

function open(path: string, headers: Record<string, string>) {
  const request = http.request({ port, path, method: 'POST', headers })
  const answer = once(request, 'response').then(async ([response]: http.IncomingMessage[]) => {
    let text = ''
    for await (const chunk of response!) text += String(chunk)
    return { status: response!.statusCode, body: JSON.parse(text) }
  })
  answer.catch(() => {})
  request.on('error', () => {})
  return { request, answer }
}
const csv = { 'Content-Type': 'text/csv' }

test('an upload may take longer than other requests, and be larger, as long as it goes on', async () => {
  const { request, answer } = open('/count', { 'Content-Type': 'text/CSV; charset=utf-8' })
  for (let n = 0; n < 20; n++) {
    request.write('a'.repeat(1_000))
    await delay(100)
  }
  request.end()
  expect(await answer).toEqual({ status: 200, body: { media: 'text/csv', bytes: 20_000 } })
})

test('a body of the usual kind may not', async () => {
  const { request, answer } = open('/plain', { 'Content-Type': 'application/json' })
  request.write('{"name":')
  expect(await answer).toMatchObject({ status: 408, body: { code: 'request_timeout' } })
  request.destroy()
})

test('after an upload the connection has the usual limits again', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const send = (path: string, headers: Record<string, string>) =>
    http.request({ port, path, method: 'POST', headers, agent })
  const first = send('/count', csv)
  first.write('a')
  await delay(limits.requestTimeout + 200)
  first.end('a')
  const [response] = (await once(first, 'response')) as [http.IncomingMessage]
  response.resume()
  await once(response, 'end')
  const second = send('/plain', { 'Content-Type': 'application/json' })
  second.write('{"name":')
  const [late] = (await once(second, 'response')) as [http.IncomingMessage]
  expect(late.statusCode).toBe(408)
  second.on('error', () => {})
  second.destroy()
  agent.destroy()
})

test('who is refused before the end of an upload gets the answer all the same', async () => {
  const { request, answer } = open('/count', csv)
  request.write('x')
  for (let n = 0; n < 50; n++) request.write('a'.repeat(50_000))
  expect(await answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
  request.end()
})

test('who is refused in the middle of an upload may send the next request on the same connection', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const send = async (path: string, headers: Record<string, string>, body: string) => {
    const request = http.request({ port, path, method: 'POST', headers, agent })
    request.end(body)
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    await once(response.resume(), 'end')
    return [response.statusCode, request.reusedSocket]
  }
  expect(await send('/count', csv, `x${'a'.repeat(1_000_000)}`)).toEqual([400, false])
  expect(await send('/plain', { 'Content-Type': 'application/json' }, '{"name":"a"}')).toEqual([200, true])
  agent.destroy()
})

test.each([
  [{ 'Content-Type': 'application/json' }, 'text/csv or application/x-ndjson is expected'],
  [{}, 'Content-Type is missing'],
  [{ 'Content-Type': 'text/csv; charset=latin1' }, 'The charset is latin1'],
  [{ 'Content-Type': 'text/csv', 'Content-Encoding': 'br' }, 'Content-Encoding is br'],
])('%j is no upload', async (headers, detail) => {
  const { request, answer } = open('/count', headers)
  request.end('a')
  const { status, body } = await answer
  expect([status, body.code]).toEqual([415, 'unsupported_media_type'])
  expect(body.detail).toContain(detail)
})

test('it is documented with its media types', () => {
  const info = { title: 't', description: 'd', version: '1' }
  const { paths } = openApiDocument(info, [count], { takesTokens: false, errors: commonErrors })
  const { post } = paths!['/count']!
  const types = {
    'text/csv': { schema: { type: 'string' } },
    'application/x-ndjson': { schema: { type: 'string' } },
  }
  expect(post!.requestBody).toEqual({ required: true, content: types })
  expect(Object.keys(post!.responses!)).toEqual(expect.arrayContaining(['200', '415', 'default']))
})
