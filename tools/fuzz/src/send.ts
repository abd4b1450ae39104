import http from 'node:http'
import type { HttpRequest } from './requests'

/** How a request ended. */
export type Outcome = Answered | { failure: 'hang' | 'cut'; detail: string }

export interface Answered {
  status: number
  headers: Headers
  /** Parsed if it is JSON, else the text. */
  body: unknown
  /** Whether all of it was read: of a stream, or a long export, only the beginning is. */
  whole: boolean
}

const readBytes = 2 * 1024 * 1024
const listenMs = 100

/**
 * Sends a request on a kept connection, or on one of its own if that was closed as it was used.
 *
 * @param timeoutMs without an answer within so many milliseconds it hangs
 */
export function createSender(url: string, timeoutMs: number, connections: number) {
  const { hostname, port } = new URL(url)
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections })

  const once = (request: HttpRequest, through: http.Agent | false) =>
    new Promise<Outcome & { again?: boolean }>((resolve) => {
      const sent = http.request({
        host: hostname,
        port,
        agent: through,
        method: request.method,
        path: request.url,
        headers: headerList(request, `${hostname}:${port}`),
        setHost: false,
      })
      const timer = setTimeout(
        () => end({ failure: 'hang', detail: `no answer within ${timeoutMs} ms` }),
        timeoutMs,
      )
      const end = (outcome: Outcome & { again?: boolean }) => {
        clearTimeout(timer)
        resolve(outcome)
        if ('failure' in outcome) sent.destroy()
      }
      sent.on('error', (error) =>
        end({ failure: 'cut', detail: error.message, again: sent.reusedSocket || through !== false }),
      )
      sent.on(
        'response',
        (response) =>
          void read(response).then(end, (error: Error) => end({ failure: 'cut', detail: error.message })),
      )
      sent.end(request.body)
    })

  return {
    async send(request: HttpRequest): Promise<Outcome> {
      const outcome = await once(request, agent)
      return outcome.again ? once(request, false) : outcome
    },
    close: () => agent.destroy(),
  }
}

function headerList({ headers, body, method }: HttpRequest, host: string): string[] {
  const given = new Set(headers.map(([name]) => name.toLowerCase()))
  const chunked = given.has('transfer-encoding')
  const list = headers.flatMap(([name, value]) => [name, value])
  if (!given.has('host')) list.push('Host', host)
  if (!chunked && (body !== undefined || ['POST', 'PUT', 'PATCH'].includes(method)))
    list.push('Content-Length', String(body?.length ?? 0))
  return list
}

async function read(response: http.IncomingMessage): Promise<Answered> {
  const headers = new Headers()
  for (let index = 0; index < response.rawHeaders.length; index += 2)
    headers.append(response.rawHeaders[index]!, response.rawHeaders[index + 1]!)
  const type = headers.get('content-type') ?? ''
  const pieces: Buffer[] = []
  let length = 0
  let whole = true
  const leave = () => {
    whole = false
    response.destroy()
  }
  const timer = type.includes('event-stream') ? setTimeout(leave, listenMs) : undefined
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      pieces.push(piece)
      length += piece.length
      if (length > readBytes) leave()
    }
  } catch (error) {
    if (whole) throw error
  } finally {
    clearTimeout(timer)
  }
  const text = Buffer.concat(pieces).toString()
  return { status: response.statusCode!, headers, body: whole ? parsed(text, type) : text, whole }
}

function parsed(text: string, type: string): unknown {
  if (text === '' || !/[/+]json(;|$)/.test(type)) return text
  try {
    return JSON.parse(text)
  } catch {
    return { 'no JSON': text.slice(0, 200) }
  }
}
