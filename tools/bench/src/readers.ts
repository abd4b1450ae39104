import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** What the readers beside the main work do. */
export interface Reading {
  port: number
  /** The requests as they are sent, in turn. */
  requests: string[]
  /** Connections, each of which asks as soon as it is answered; with a rate, the most connections. */
  connections: number
  /** Requests a second, whether the ones before are answered or not. */
  perSecond?: number
  /** They connect within a second, listen for so long each, and then come back with the same request. */
  listenMs?: number
  seconds: number
}

/** What the readers print. */
export interface ReadingResult {
  /** Answers by status, and `cut` for those that did not come. */
  answers: Record<string, number>
  /** Requests that found every connection taken. */
  unsent: number
  cpuSeconds: number
}

/** Runs the readers in this process, which does nothing else, and prints their result as JSON. */
export async function runReaders(text: string): Promise<void> {
  const reading = JSON.parse(text) as Reading
  const answers: Record<string, number> = {}
  const count = (status: string) => (answers[status] = (answers[status] ?? 0) + 1)
  let asked = 0
  const request = () => reading.requests[(asked += 1) % reading.requests.length]!
  const end = performance.now() + reading.seconds * 1000
  const before = process.cpuUsage()
  let unsent = 0

  if (reading.listenMs !== undefined) await listen(reading, reading.listenMs, request, end, count)
  else if (reading.perSecond === undefined) await flood(reading, request, end, count)
  else unsent = await atRate(reading, reading.perSecond, request, end, count)

  const { user, system } = process.cpuUsage(before)
  const result: ReadingResult = { answers, unsent, cpuSeconds: (user + system) / 1e6 }
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
}

type Count = (status: string) => void

async function flood({ port, connections }: Reading, request: () => string, end: number, count: Count) {
  const ask = async () => {
    let client = await open(port)
    while (performance.now() < end) {
      const status = await client.ask(request())
      count(status)
      if (status === 'cut') client = await open(port)
    }
  }
  // Late answers do not keep the turn from ending.
  await Promise.race([
    Promise.all(Array.from({ length: connections }, ask)),
    delay(end - performance.now() + 50),
  ])
}

async function atRate(
  { port, connections }: Reading,
  perSecond: number,
  request: () => string,
  end: number,
  count: Count,
): Promise<number> {
  const free: Client[] = []
  let opened = 0
  let unsent = 0
  const ask = async () => {
    let client = free.pop()
    if (!client && opened >= connections) return void (unsent += 1)
    if (!client) {
      opened += 1
      client = await open(port)
    }
    const status = await client.ask(request())
    count(status)
    if (status === 'cut') opened -= 1
    else free.push(client)
  }
  const startedAt = performance.now()
  for (let sent = 0; performance.now() < end; await delay(5))
    for (const due = ((performance.now() - startedAt) / 1000) * perSecond; sent < due; sent += 1) void ask()
  return unsent
}

async function listen(
  { port, connections }: Reading,
  listenMs: number,
  request: () => string,
  end: number,
  count: Count,
) {
  const stay = async (index: number) => {
    await delay((index / connections) * 1_000)
    while (performance.now() < end) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.once('data', (chunk: Buffer) => count(chunk.toString('latin1', 9, 12)))
      socket.write(request())
      await delay(listenMs)
      socket.destroy()
    }
  }
  await Promise.race([
    Promise.all(Array.from({ length: connections }, (_, index) => stay(index))),
    delay(end - performance.now() + 50),
  ])
}

interface Client {
  /** The status of the answer, or `cut`. */
  ask(request: string): Promise<string>
}

async function open(port: number): Promise<Client> {
  const socket = connect(port, '127.0.0.1').setNoDelay()
  socket.on('error', () => {})
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {})
  return { ask: (request) => exchange(socket, request) }
}

/** Reads no more of an answer than its status and its length. */
function exchange(socket: Socket, request: string): Promise<string> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve('cut')
    let status = ''
    let left = Infinity
    let head = ''
    const finish = (found: string) => {
      socket.off('data', onData).off('close', onClose)
      resolve(found)
    }
    const onClose = () => finish('cut')
    const onData = (chunk: Buffer) => {
      if (left !== Infinity) left -= chunk.length
      else {
        head += chunk.toString('latin1')
        const headEnd = head.indexOf('\r\n\r\n')
        if (headEnd === -1) return
        status = head.slice(9, 12)
        left = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0) - (head.length - headEnd - 4)
      }
      if (left <= 0) finish(status)
    }
    socket.on('data', onData).on('close', onClose)
    socket.write(request)
  })
}
