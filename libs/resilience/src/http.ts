import axios, { AxiosError, AxiosHeaders, isAxiosError } from 'axios'
import type { ClientRequest } from 'node:http'
import { timeoutHeader, type Deadline } from '@ordinal/deadline'
import type { Span } from '@ordinal/tracing'
import { createConnections, type Agents, type ClientCertificates } from './connections'

export interface ServiceRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** The path after the client's base URL, such as `/api/v1/users/7`; parts that come from outside are encoded. */
  path: string
  /** The query; what is undefined is left out. */
  params?: Readonly<Record<string, string | number | boolean | undefined>>
  /** Sent as JSON. */
  body?: unknown
  headers?: Readonly<Record<string, string>>
  /** Sending it twice does what sending it once does, though neither its method nor its headers say so. */
  repeatable?: boolean
  /** The caller's. When it passes before the client's timeout, the service is not at fault. */
  deadline?: Deadline
  /** What the call is a part of, if its trace is recorded. */
  span?: Span | undefined
  /** The path with names for what is different in each call, such as `/api/v1/users/{id}`: for traces. */
  template?: string
}

export interface Answer {
  status: number
  /** Names in lower case. */
  headers: Readonly<Record<string, string | string[]>>
  /** The parsed JSON; the text of any other content type; undefined without content. Not validated. */
  data: unknown
}

interface HttpOptions {
  baseUrl: string
  headers?: Readonly<Record<string, string>>
  maxConcurrent: number
  maxAnswerBytes: number
  idleSocketMs: number
  certificates?: ClientCertificates | undefined
}

interface Http {
  /**
   * One exchange, whatever the status. The request says how much time is left.
   *
   * @throws axios' errors; when the deadline's signal aborts, its CanceledError
   */
  ask(request: ServiceRequest, deadline: Deadline): Promise<Answer>
  /** Ends all sockets. */
  close(): void
}

const IDEMPOTENT_METHODS = ['GET', 'HEAD', 'PUT', 'DELETE']

/** Whether sending it twice does what sending it once does: by its method, by its Idempotency-Key, or as it is said. */
export const isIdempotent = ({ method, headers, repeatable = false }: ServiceRequest) =>
  repeatable ||
  IDEMPOTENT_METHODS.includes(method) ||
  AxiosHeaders.from({ ...headers }).has('Idempotency-Key')

/** HTTP to one service over kept-alive sockets. No redirects, no proxies, no other hosts. */
export function createHttp({
  baseUrl,
  headers,
  maxConcurrent,
  maxAnswerBytes,
  idleSocketMs,
  certificates,
}: HttpOptions): Http {
  const connections = createConnections({ idleMs: idleSocketMs, maxIdle: maxConcurrent, certificates })
  const client = axios.create({
    baseURL: baseUrl,
    allowAbsoluteUrls: false,
    maxRedirects: 0,
    proxy: false,
    // Counted after decompression.
    maxContentLength: maxAnswerBytes,
    maxBodyLength: maxAnswerBytes,
    validateStatus: null,
    // JSON is read and written here: axios takes what it cannot parse for a text, and so for an answer.
    responseType: 'text',
    transformRequest: [],
    transformResponse: [],
  })

  async function attempt(request: ServiceRequest, deadline: Deadline, agents: Agents): Promise<Answer> {
    const { method, path, params, body } = request
    const sent = new AxiosHeaders({ ...headers, ...request.headers })
    sent.setContentType(body === undefined ? false : 'application/json')
    sent.set(timeoutHeader, String(Math.max(0, Math.ceil(deadline.remainingMs()))))
    const response = await client.request<string>({
      ...agents,
      method,
      url: path,
      params,
      headers: sent,
      data: body === undefined ? undefined : JSON.stringify(body),
      signal: deadline.signal(),
    })
    const received = AxiosHeaders.from(response.headers as AxiosHeaders)
    const isJson = /^application\/(.+\+)?json\b/i.test(String(received.getContentType() ?? ''))
    return {
      status: response.status,
      headers: received.toJSON(),
      data: isJson ? parseJson(response.data, response.status) : response.data || undefined,
    }
  }

  return {
    async ask(request, deadline) {
      try {
        return await attempt(request, deadline, connections.pooled())
      } catch (error) {
        if (!isIdempotent(request) || !diedWhileIdle(error)) throw error
        return attempt(request, deadline, connections.fresh())
      }
    },
    close: () => connections.destroy(),
  }
}

/** Whether the server closed a kept socket as the request went into it: it may or may not have been carried out. */
function diedWhileIdle(error: unknown): boolean {
  if (!isAxiosError(error) || error.response) return false
  const { reusedSocket } = (error.request ?? {}) as Partial<ClientRequest>
  return reusedSocket === true && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}

function parseJson(text: string, status: number): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    // The status of an error says enough, whatever a proxy wrote below it.
    if (status >= 400) return text
    throw AxiosError.from(cause, AxiosError.ERR_BAD_RESPONSE)
  }
}
