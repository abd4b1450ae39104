import type { Held, Issued } from './held'
import type { Answers, AnsweredOrder } from './answers'

/** Where what was answered and what is held differ. */
export interface Finding {
  kind:
    | 'order_missing'
    | 'order_unexpected'
    | 'order_doubled'
    | 'order_differs'
    | 'order_without_number'
    | 'number_missing'
    | 'number_unexpected'
    | 'number_doubled'
    | 'number_differs'
    | 'not_compared'
  detail: string
}

export interface CheckResult {
  /** Orders that were placed, those of them that were deleted, and those that the order service has. */
  orders: { placed: number; deleted: number; held: number }
  /** Numbers of orders, and others, in answers and in the ledger. */
  numbers: { answered: number; held: number }
  /** Requests of which nobody can say what became of them. */
  unknown: number
  findings: Finding[]
}

/**
 * Compares what the answers said with what the services hold, row by row: every order and every number there once, with its
 * id, number and status, and nothing else. What nobody knows (a request without an answer, even when it was repeated) may be
 * there or not.
 */
export function compare(answers: Pick<Answers, 'orders' | 'numbers'>, held: Held): CheckResult {
  const findings: Finding[] = []
  const find = (kind: Finding['kind'], detail: string) => findings.push({ kind, detail })

  const placed = answers.orders.filter(({ placed }) => placed === 'yes')
  const unknownOrders = answers.orders.filter(({ placed }) => placed === 'unknown').length
  for (const id of repeated(placed.map(({ id }) => id!)))
    find('order_doubled', `two requests were answered with order ${id}`)
  compareOrders(placed, unknownOrders, held, find)
  compareOrderNumbers(placed, unknownOrders, held, find)

  const drawn = answers.numbers.filter(({ drawn }) => drawn === 'yes')
  const unknownNumbers = answers.numbers.filter(({ drawn }) => drawn === 'unknown').length
  compareNumbers(drawn, unknownNumbers, held.numbers, find)
  return {
    orders: {
      placed: placed.length,
      deleted: placed.filter(({ deleted }) => deleted === 'yes').length,
      held: held.orders.length,
    },
    numbers: {
      answered: placed.filter(({ number }) => number != null).length + drawn.length,
      held: held.orderNumbers.length + held.numbers.length,
    },
    unknown: unknownOrders + unknownNumbers,
    findings,
  }
}

type Find = (kind: Finding['kind'], detail: string) => void

function compareOrders(
  placed: readonly AnsweredOrder[],
  unknown: number,
  { orders }: Held,
  find: Find,
): void {
  const heldById = new Map(orders.map((order) => [order.id, order]))
  if (heldById.size < orders.length) find('order_doubled', 'the list of orders has an order twice')
  for (const order of placed) {
    const name = `order ${order.id} (${order.reference})`
    const held = heldById.get(order.id!)
    heldById.delete(order.id!)
    if (!held) {
      if (order.deleted === 'no') find('order_missing', `${name} was placed, and is not there`)
      continue
    }
    if (order.deleted === 'yes') find('order_unexpected', `${name} was deleted, and is still there`)
    if (held.reference !== order.reference)
      find('order_differs', `${name} has the reference ${held.reference}`)
    if (held.order_number === null) find('order_without_number', name)
    else if (held.order_number !== order.number)
      find('order_differs', `${name} was answered with ${order.number}, and has ${held.order_number}`)
    const allowed = statusesOf(order)
    if (!allowed.includes(held.status))
      find('order_differs', `${name} is ${held.status} and not ${allowed.join(' or ')}`)
  }
  if (heldById.size > unknown)
    for (const { id, reference } of heldById.values())
      find('order_unexpected', `order ${id} (${reference}) is in no answer`)
}

/** An order is confirmed by itself a moment after it was placed, unless it was cancelled before. */
function statusesOf({ cancelled }: AnsweredOrder): readonly string[] {
  if (cancelled === 'yes') return ['cancelled']
  return cancelled === 'no' ? ['pending', 'confirmed'] : ['pending', 'confirmed', 'cancelled']
}

/** Each order's number is in the ledger once, under the order's reference, be the order deleted. */
function compareOrderNumbers(
  placed: readonly AnsweredOrder[],
  unknown: number,
  { orderNumbers }: Held,
  find: Find,
): void {
  for (const number of repeated(orderNumbers.map(({ number }) => number)))
    find('number_doubled', `the ledger has issued ${number} twice`)
  for (const number of repeated(placed.flatMap(({ number }) => number ?? [])))
    find('number_doubled', `two orders were answered with ${number}`)
  const left = new Map(orderNumbers.map((issued) => [issued.number, issued]))
  const byReference = new Map(orderNumbers.map((issued) => [issued.idempotency_key?.split(':')[0], issued]))
  for (const { id, number, reference } of placed) {
    // One that was deleted before it had its number: it gets one all the same, unless it had none to wait for.
    const issued = number == null ? byReference.get(reference) : left.get(number)
    if (issued) left.delete(issued.number)
    if (number == null) continue
    if (!issued) find('number_missing', `${number} of order ${id} is not in the ledger`)
    else if (issued.idempotency_key?.split(':')[0] !== reference)
      find('number_differs', `${number} of order ${id} was issued under the key ${issued.idempotency_key}`)
  }
  if (left.size > unknown)
    for (const { number } of left.values()) find('number_unexpected', `${number} is of no order`)
}

function compareNumbers(
  drawn: Answers['numbers'],
  unknown: number,
  issued: readonly Issued[],
  find: Find,
): void {
  for (const number of repeated(issued.map(({ number }) => number)))
    find('number_doubled', `the ledger has issued ${number} twice`)
  for (const number of repeated(drawn.map(({ number }) => number!)))
    find('number_doubled', `two requests were answered with ${number}`)
  const left = new Map(issued.map((one) => [one.number, one]))
  for (const { key, number, counter } of drawn) {
    const one = left.get(number!)
    left.delete(number!)
    if (!one) find('number_missing', `${number} is not in the ledger`)
    else if (one.value !== counter || one.idempotency_key !== key)
      find('number_differs', `${number} (${counter}, ${key}) is ${one.value}, ${one.idempotency_key}`)
  }
  if (left.size > unknown)
    for (const { number } of left.values()) find('number_unexpected', `${number} is in no answer`)
}

function repeated<T>(values: readonly T[]): Set<T> {
  const seen = new Set<T>()
  const twice = new Set<T>()
  for (const value of values) {
    if (seen.has(value)) twice.add(value)
    seen.add(value)
  }
  return twice
}
