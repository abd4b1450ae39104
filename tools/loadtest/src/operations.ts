import { randomUUID } from 'node:crypto'
import { errorsOf, isSuccess, type Service } from '@ordinal/bench'
import type { OperationName, Settings, Workload } from './settings'
import type { Happened, Answers } from './answers'

/** A request that is about to be sent. */
export interface Operation {
  name: OperationName
  service: Service
  /** Its bytes. */
  text: string
  /**
   * Takes the answer, or that there was none, and gives the error, if it is one. What it says goes to what is compared
   * afterwards.
   */
  end: (answer: string | undefined) => string | undefined
}

/** What is asked for of whom. */
export interface Asking {
  settings: Pick<Settings, 'workload' | 'urls' | 'sequence' | 'apiKey'>
  userId: number
  /** The name of the run, which its numbers have as their client. */
  run: string
  answers: Answers
}

/** Twenty requests of the mixed workload: 35 % create, 30 % get, 10 % list, 10 % update, 5 % delete, 10 % next. */
const mixed: readonly OperationName[] = (
  'create get create list create get next create get update ' +
  'create get create list get create next get update delete'
).split(' ') as OperationName[]

/** Gives one request of a workload after the other. */
export function operationsOf({ settings, userId, run, answers }: Asking): () => Operation {
  const { workload, sequence } = settings
  const request = requestsTo(settings)
  const readsOrders = workload === 'mixed' || workload === 'get'
  let turn = 0

  function create(): Operation {
    const key = randomUUID()
    const order = answers.askForOrder(key)
    const text = request('order-service', 'POST', '/api/v1/orders', key, orderOf(userId))
    return operation('create', 'order-service', text, (happened, answer) => {
      order.placed = happened
      if (happened !== 'yes') return undefined
      const { id, reference, order_number } = jsonIn<OrderAnswer>(answer!)
      Object.assign(order, { id, reference, number: order_number })
      answers.offer(order, readsOrders)
      return undefined
    })
  }

  function get(): Operation {
    const order = answers.nextReadable()
    if (!order) return create()
    return operation(
      'get',
      'order-service',
      request('order-service', 'GET', `/api/v1/orders/${order.id}`),
      (happened, answer) => {
        if (happened !== 'yes') return undefined
        const { id, reference } = jsonIn<OrderAnswer>(answer!)
        return id === order.id && reference === order.reference ? undefined : 'another_order'
      },
    )
  }

  function list(): Operation {
    const path = `/api/v1/orders?cursor=0&page_size=20&user_id=${userId}`
    return operation('list', 'order-service', request('order-service', 'GET', path), (happened, answer) => {
      if (happened !== 'yes') return undefined
      const { data } = jsonIn<{ data: { user_id: number }[] }>(answer!)
      return data.every(({ user_id }) => user_id === userId) ? undefined : 'another_order'
    })
  }

  /** Cancels: the step that an order can take whether it was confirmed meanwhile or not. */
  function update(): Operation {
    const order = answers.takeSpare()
    if (!order) return create()
    const path = `/api/v1/orders/${order.id}`
    const text = request('order-service', 'PATCH', path, randomUUID(), { status: 'cancelled' })
    return operation('update', 'order-service', text, (happened) => {
      order.cancelled = happened
      return undefined
    })
  }

  function remove(): Operation {
    const order = answers.takeSpare()
    if (!order) return create()
    const text = request('order-service', 'DELETE', `/api/v1/orders/${order.id}`, randomUUID())
    return operation('delete', 'order-service', text, (happened) => {
      order.deleted = happened
      return undefined
    })
  }

  function next(): Operation {
    const key = randomUUID()
    const number = answers.askForNumber(key)
    const path = `/api/v1/next/${encodeURIComponent(sequence)}`
    const text = request('sequencer', 'POST', path, key, { client_id: run })
    return operation('next', 'sequencer', text, (happened, answer) => {
      number.drawn = happened
      if (happened !== 'yes') return undefined
      const { full_number, counter } = jsonIn<{ full_number: string; counter: number }>(answer!)
      Object.assign(number, { number: full_number, counter })
      return undefined
    })
  }

  const makers: Record<OperationName, () => Operation> = { create, get, list, update, delete: remove, next }
  return () => makers[kindOf(workload, turn++)]()
}

/** An order of the run. */
export const orderOf = (userId: number) => ({
  user_id: userId,
  product_id: 'LOADTEST',
  quantity: 1,
  total_price: 9.99,
})

const kindOf = (workload: Workload, turn: number): OperationName =>
  workload === 'mixed' ? mixed[turn % mixed.length]! : workload

interface OrderAnswer {
  id: number
  reference: string
  order_number: string | null
}

/**
 * An operation whose answer is read once it is known what it means.
 *
 * @param take gives the error of an answer that succeeded but differs from earlier answers
 */
function operation(
  name: OperationName,
  service: Service,
  text: string,
  take: (happened: Happened, answer: string | undefined) => string | undefined,
): Operation {
  return {
    name,
    service,
    text,
    end(answer) {
      const happened = happenedBy(answer)
      const [code = 'no_answer'] = answer === undefined ? [] : errorsOf(answer)
      try {
        const differs = take(happened, answer)
        return happened === 'yes' ? differs : code
      } catch {
        // A success without what every success has, such as a page of something in between.
        take('unknown', undefined)
        return 'not_understood'
      }
    },
  }
}

/** What an answer says of what was asked for: after a fault of the service, as after no answer, nobody knows. */
function happenedBy(answer: string | undefined): Happened {
  if (answer === undefined) return 'unknown'
  if (isSuccess(answer)) return 'yes'
  const status = Number(answer.slice(9, 12))
  return status >= 400 && status < 500 && status !== 408 ? 'no' : 'unknown'
}

const jsonIn = <T>(answer: string): T => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as T

/** Gives the bytes of requests to the services. */
function requestsTo({ urls, apiKey }: Asking['settings']) {
  return (service: Service, method: string, path: string, key?: string, body?: object): string => {
    const { host, pathname } = urls[service]
    const text = body ? JSON.stringify(body) : ''
    return [
      `${method} ${pathname.replace(/\/$/, '')}${path} HTTP/1.1`,
      `Host: ${host}`,
      ...(apiKey ? [`X-API-Key: ${apiKey}`] : []),
      ...(key ? [`Idempotency-Key: ${key}`] : []),
      ...(body ? ['Content-Type: application/json'] : []),
      ...(method === 'GET' ? [] : [`Content-Length: ${text.length}`]),
      '',
      text,
    ].join('\r\n')
  }
}
