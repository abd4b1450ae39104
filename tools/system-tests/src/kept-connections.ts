import http from 'node:http'
import https from 'node:https'
import { apiKey } from './system'

const answerWithinMs = 30_000

export interface Answered {
  status: number
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what an answer is, a test knows
  body: any
}

/** Where requests go: past a balancer in clear text, or through it with TLS, to one of the names behind it. */
export interface Way {
  host: string
  port: number
  /** The certificate of the balancer's authority, and the name. */
  secure?: { ca: string; name: string }
}

/** Requests over HTTP/1.1 on connections that are kept, as Node's own client makes them: it never sends one twice. */
export function keepConnections() {
  const plain = new http.Agent({ keepAlive: true })
  const secure = new https.Agent({ keepAlive: true })

  /** Rejects if there is no whole answer. */
  function post({ host, port, secure: tls }: Way, path: string, body: object): Promise<Answered> {
    const headers = {
      'x-api-key': apiKey,
      'content-type': 'application/json',
      ...(tls && { host: tls.name }),
    }
    const options = { host, port, path, headers, method: 'POST', timeout: answerWithinMs }
    return new Promise((resolve, reject) => {
      const request = tls
        ? https.request({ ...options, agent: secure, ca: tls.ca, servername: tls.name })
        : http.request({ ...options, agent: plain })
      request.on('timeout', () => request.destroy(new Error('no answer in time')))
      request.on('error', reject)
      request.on('response', (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('error', reject)
        response.on('end', () => resolve({ status: response.statusCode!, body: parsed(text) }))
      })
      request.end(JSON.stringify(body))
    })
  }

  return {
    post,
    close(): void {
      plain.destroy()
      secure.destroy()
    },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
