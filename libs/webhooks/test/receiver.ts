import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CloudEvent } from '@ordinal/events'

/** A request as a receiver got it. */
export interface Received {
  headers: Record<string, string>
  body: string
  event: CloudEvent
  path: string
}

/** What a receiver does with a request: gives a status, or answers by itself. */
export type Answer = (
  received: Received,
  response: ServerResponse,
  nth: number,
) => number | void | Promise<number | void>

export type Receiver = Awaited<ReturnType<typeof startReceiver>>

/**
 * A receiver on loopback, which remembers what it got.
 *
 * @param wanted the port; any if it is not given
 */
export async function startReceiver(answer: Answer = () => 204, wanted?: number) {
  const seen: Received[] = []
  const accepted: Received[] = []
  let respond = answer
  const server = createServer((request, response) => {
    // A sender that is killed has not sent all of it.
    void read(request).then(take, () => undefined)

    async function take(received: Received) {
      seen.push(received)
      const status = await respond(received, response, seen.length)
      if (status === undefined) return
      if (status < 300) accepted.push(received)
      response.writeHead(status).end()
    }
  })
  const port = await listen(server, wanted)
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    /** All requests. */
    seen,
    /** Those that it answered with 2xx. */
    accepted,
    set answer(next: Answer) {
      respond = next
    },
    stop: () => close(server),
  }
}

async function read(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks).toString()
  return {
    headers: request.headers as Record<string, string>,
    body,
    event: JSON.parse(body || '{}') as CloudEvent,
    path: request.url!,
  }
}

export const listen = (server: Pick<Server, 'listen' | 'address'>, port = 0): Promise<number> =>
  new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })

export function close(server: Server): Promise<unknown> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  return closed
}
