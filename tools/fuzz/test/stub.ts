import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Document } from '../src/document'
import type { Target } from '../src/run'

const problem = (code: string, status: number) => ({
  type: `/errors/${code}`,
  title: 'Not so',
  status,
  detail: 'Not so',
  code,
  request_id: 'r-1',
})

const json = (name: string) => ({ 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } })
const failure = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})

/** A service of one operation. */
const document: Document = {
  openapi: '3.1.0',
  paths: {
    '/things/{id}': {
      put: {
        parameters: [{ in: 'path', name: 'id', required: true, schema: { type: 'integer', minimum: 1 } }],
        requestBody: { content: json('Thing') },
        responses: {
          200: { description: 'Done', content: json('Thing') } as object,
          400: failure('`validation_failed`: Not valid'),
          default: failure('400 `malformed_request`: Not HTTP\n\n503 `overloaded`: Too much'),
        },
      },
    },
  },
  components: {
    schemas: {
      Thing: {
        type: 'object',
        properties: { size: { type: 'integer', minimum: 0 }, note: { type: 'string', maxLength: 20 } },
        required: ['size'],
      },
      Problem: {
        type: 'object',
        properties: {
          ...Object.fromEntries(
            ['type', 'title', 'detail', 'code', 'request_id'].map((name) => [name, { type: 'string' }]),
          ),
          status: { type: 'integer' },
        },
        required: ['code', 'status'],
      },
    },
    headers: {},
  },
}

/** Answers a request whose body was read; false if it has nothing to say, so that the usual answer is given. */
type Plant = (request: IncomingMessage & { text: string }, response: ServerResponse) => boolean

/** A service that does what its document says, but where a fault is planted. */
export async function startStub(plant: Plant = () => false): Promise<Target & { stop(): Promise<void> }> {
  const listen: RequestListener = (request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const asked = Object.assign(request, { text: Buffer.concat(pieces).toString() })
      if (!plant(asked, response)) answerAsDescribed(asked, response)
    })
  }
  // What Node would answer by itself is in no document.
  const server = createServer({ maxHeaderSize: 65_536 }, listen)
  server.on('checkExpectation', listen)
  server.on('clientError', (_, socket) => {
    const body = JSON.stringify(problem('malformed_request', 400))
    const head = [
      'HTTP/1.1 400 Bad Request',
      'Content-Type: application/problem+json',
      'X-Request-Id: r-1',
      'Connection: close',
    ]
    socket.end([...head, `Content-Length: ${body.length}`, '', body].join('\r\n'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    name: 'stub',
    url: `http://127.0.0.1:${port}`,
    document,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function answerAsDescribed(
  { method, url, text }: IncomingMessage & { text: string },
  response: ServerResponse,
): void {
  if (!/^\/things\/[^/]+\/?$/.test(url!.replace(/[?#].*/, '').replace(/^http:..[^/]*/, '')))
    return fail(response, 404, 'route_not_found')
  if (method !== 'PUT') return fail(response.setHeader('Allow', 'PUT'), 405, 'method_not_allowed')
  try {
    const { size } = JSON.parse(text) as { size: unknown }
    if (!Number.isSafeInteger(size) || (size as number) < 0) return fail(response, 400, 'validation_failed')
    answer(response, 200, 'application/json', { size })
  } catch {
    fail(response, 400, 'validation_failed')
  }
}

export const fail = (response: ServerResponse, status: number, code: string): void =>
  answer(response, status, 'application/problem+json', problem(code, status))

export function answer(response: ServerResponse, status: number, type: string, body: unknown): void {
  response.writeHead(status, { 'Content-Type': type, 'X-Request-Id': 'r-1' }).end(JSON.stringify(body))
}
