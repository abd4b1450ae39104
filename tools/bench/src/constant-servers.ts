import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'

const constant = { full_number: 'SG000001', counter: 1, prefix: 'SG', period: '', state: 'issued' }

/** Answers every request with the same number: what the framework alone can do. Prints the port. */
export async function serveConstant(kind: 'node' | 'express'): Promise<void> {
  const app = express()
  app.post('/api/v1/next/SG', (_req, res) => void res.json(constant))
  const server = kind === 'express' ? http.createServer(app) : http.createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  console.log((server.address() as AddressInfo).port)
}

function answer(_req: http.IncomingMessage, res: http.ServerResponse): void {
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.end(JSON.stringify(constant))
}
