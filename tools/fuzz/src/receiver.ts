import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What receivers of webhooks do, by path. */
const answers: Record<string, (response: ServerResponse) => void> = {
  '/takes': (response) => response.writeHead(204).end(),
  '/fails': (response) => response.writeHead(500).end('something failed\u0000\ufffd'),
  '/asks-to-wait': (response) => response.writeHead(503, { 'Retry-After': '1' }).end(),
  '/is-gone': (response) => response.writeHead(410).end(),
  '/leads-elsewhere': (response) => response.writeHead(302, { Location: '/takes' }).end(),
  '/says-much': (response) => response.writeHead(400).end('x'.repeat(1_000_000)),
  '/breaks-off': (response) => response.destroy(),
  '/says-nothing': () => {},
}

/** A receiver of webhooks on loopback: at some of its URLs it takes what comes, at others it does not. */
export async function startReceiver() {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => (answers[request.url!] ?? answers['/takes']!)(response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    urls: Object.keys(answers).map((path) => `http://127.0.0.1:${port}${path}`),
    async stop(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
