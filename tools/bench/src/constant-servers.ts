import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'

const number = { full_number: 'SG000001', counter: 1, prefix: 'SG', period: '', state: 'issued' }
const user = {
  id: 1,
  email: 'u1@example.com',
  name: 'User',
  age: 30,
  active: true,
  version: 1,
  created_at: '2026-11-21T08:00:00.000Z',
  updated_at: '2026-11-21T08:00:00.000Z',
}

/** Answers every request with the same number or user: what the framework alone can do. Prints the port. */
export async function serveConstant(kind: 'node' | 'express'): Promise<void> {
  const app = express()
  app.post('/api/v1/next/SG', (_req, res) => void res.json(number))
  app.get('/api/v1/users/:id', (_req, res) => void res.json(user))
  const server = kind === 'express' ? http.createServer(app) : http.createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  console.log((server.address() as AddressInfo).port)
}

function answer({ method }: http.IncomingMessage, res: http.ServerResponse): void {
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.end(JSON.stringify(method === 'GET' ? user : number))
}
