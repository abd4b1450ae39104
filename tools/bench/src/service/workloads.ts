import { randomUUID } from 'node:crypto'
import type { Call } from './load'
import type { Part, Service, ServiceSettings } from './settings'

/** So that 64 connections have fewer requests under way than SEQUENCER_MAX_WAITING lets wait. */
const batchSize = 20

/** Something to measure. */
export interface Workload {
  part: Part
  service: Service
  title: string
  counts: string
  call: Call
}

/** What is measured, in this order. @param userId whose orders are placed, and who is read */
export function workloadsOf(settings: ServiceSettings, userId: number): Workload[] {
  const { prefix } = settings
  const workload = (
    part: Part,
    service: Service,
    [title, counts]: [title: string, counts: string],
    makeRequest: () => string,
    countOf: (answer: string) => number = () => 1,
  ): Workload => ({
    part,
    service,
    title,
    counts,
    call: { url: settings.urls[service], makeRequest, countOf },
  })
  const request = (service: Service, method: string, path: string) =>
    requestOf(settings, service, method, path)

  const issue = request('sequencer', 'POST', `/api/v1/next/${prefix}`)
  const issueTogether = request('sequencer', 'POST', '/api/v1/numbers:batch')
  const order = request('order-service', 'POST', '/api/v1/orders')
  const numbersIn = (answer: string) => answer.split('"full_number":').length - 1
  const all = [
    workload('numbers', 'sequencer', ['a number per request', 'numbers'], () => issue(newKey())),
    workload(
      'batches',
      'sequencer',
      [`${batchSize} requests for a number in one`, 'numbers'],
      () => issueTogether([], { requests: Array.from({ length: batchSize }, () => numberOf(prefix)) }),
      numbersIn,
    ),
    workload('orders', 'order-service', ['placing orders', 'orders'], () => order(newKey(), orderOf(userId))),
    ...(
      [
        ['sequencer', 'where a sequence is', `/api/v1/status/${prefix}`],
        ['order-service', '20 orders by cursor', '/api/v1/orders?cursor=0&page_size=20'],
        ['user-service', 'a user by id', `/api/v1/users/${userId}`],
      ] as const
    ).map(([service, title, path]) => {
      const read = request(service, 'GET', path)([])
      return workload('reads', service, [title, 'answers'], () => read)
    }),
  ]
  return all.filter(({ part }) => settings.parts.includes(part))
}

const newKey = () => [`Idempotency-Key: ${randomUUID()}`]
const numberOf = (prefix: string) => ({ prefix, idempotency_key: randomUUID() })
const orderOf = (userId: number) => ({
  user_id: userId,
  product_id: 'BENCHMARK',
  quantity: 1,
  total_price: 9.99,
})

/** Gives the bytes of requests to a path, with the key of the caller. */
function requestOf({ urls, apiKey }: ServiceSettings, service: Service, method: string, path: string) {
  const { host, pathname } = urls[service]
  const head = [
    `${method} ${pathname.replace(/\/$/, '')}${path} HTTP/1.1`,
    `Host: ${host}`,
    ...(apiKey ? [`X-API-Key: ${apiKey}`] : []),
  ]
  return (headers: readonly string[], body?: object): string => {
    const text = body ? JSON.stringify(body) : ''
    const ofBody = body ? ['Content-Type: application/json'] : []
    const length = method === 'GET' ? [] : [`Content-Length: ${text.length}`]
    return [...head, ...ofBody, ...length, ...headers, '', text].join('\r\n')
  }
}
