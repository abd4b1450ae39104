import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { ownAddress, ownPort } from '@ordinal/testing'

export interface StubRequest {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: unknown
}

export interface StubAnswer {
  status: number
  headers?: Record<string, string>
  body: unknown
  /** The connection of the request breaks in place of this answer. */
  isLost?: boolean
}

/**
 * How a stub treats requests: `well`; `slow`: it acts, and answers only after so many ms; `held`: it acts, and answers
 * when it is told to; `silent`: it takes the request and nothing more; `failing`: it answers something else and does not
 * act; `losing`: it acts, and the connection breaks before its answer; `resetting`: it resets the connection as the
 * request comes.
 */
export type Mood =
  | { is: 'well' | 'silent' | 'losing' | 'resetting' }
  | { is: 'slow'; ms: number }
  | { is: 'held'; until: Promise<void> }
  | { is: 'failing'; answer: StubAnswer }

export const failing = (status: number, code?: string, headers = {}): Mood => ({
  is: 'failing',
  answer: { status, headers, body: { code: code ?? 'internal_error' } },
})

/** Another service, as far as the order service can see it: real HTTP on a real port, with moods. */
export async function startStub(act: (request: StubRequest) => StubAnswer | Promise<StubAnswer>) {
  const seen: StubRequest[] = []
  let held = Promise.resolve()
  const server = createServer((request, response) => {
    void (async () => {
      const received = await read(request)
      seen.push(received)
      const { mood } = stub
      if (mood.is === 'silent') return
      if (mood.is === 'resetting') return void request.socket.resetAndDestroy()
      await held
      const answer = mood.is === 'failing' ? mood.answer : await act(received)
      if (mood.is === 'losing' || answer.isLost) return void response.destroy()
      if (mood.is === 'held') await mood.until
      if (mood.is === 'slow' && !(await stillThereAfter(mood.ms, response))) return
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
      response.end(JSON.stringify(answer.body))
    })()
  })
  const port = await ownPort()
  const listen = () => once(server.listen(port, ownAddress), 'listening')
  await listen()

  const stub = {
    url: `http://${ownAddress}:${port}`,
    mood: { is: 'well' } as Mood,
    /** All that reached it, whatever it did with it. */
    seen,
    /** Holds back all requests from now on; gives what lets them go on. */
    hold(): () => void {
      let letGo: () => void = () => undefined
      held = new Promise((resolve) => (letGo = resolve))
      return letGo
    },
    /** Acts from now on without answering; gives what answers, at once also what comes later. */
    holdAnswers(): () => void {
      let answer: () => void = () => undefined
      stub.mood = { is: 'held', until: new Promise((resolve) => (answer = resolve)) }
      return () => {
        if (stub.mood.is === 'held') stub.mood = { is: 'well' }
        answer()
      }
    },
    /** How many connections are open. */
    connections: () => promisify(server.getConnections.bind(server))(),
    /** Breaks all connections, and goes on. */
    breakAll: () => server.closeAllConnections(),
    /** Refuses connections from now on, and breaks those that are open. */
    async stop(): Promise<void> {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
    /** Listens again, where it did before. */
    async restart(): Promise<void> {
      await listen()
    },
  }
  return stub
}

/** False as soon as the caller has gone away. */
function stillThereAfter(ms: number, response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms, true)
    response.once('close', () => {
      clearTimeout(timer)
      resolve(false)
    })
  })
}

async function read(request: IncomingMessage): Promise<StubRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  const { method = '', url = '', headers } = request
  return { method, path: url, headers, body: text ? (JSON.parse(text) as unknown) : undefined }
}
