import { Client } from 'pg'
import type { Callers } from './callers'

/** What is wrong, of numbers and of orders; each list is empty if all is well. */
export interface Proof {
  numbers: number
  orders: number
  /** Acknowledged, and not on record so. */
  lost: string[]
  /** Acknowledged to two requests, or on record twice. */
  doubled: string[]
  /** On record without a request, or an order without its number, or a number without its order. */
  unexplained: string[]
}

export interface LedgerRow {
  number: string
  key: string
  value: string
}
export interface OrderRow {
  id: string
  reference: string
  number: string | null
  key: string | null
}

/** What the databases have: the numbers of the callers, those of orders, and the orders with their keys. */
export interface Records {
  numbers: LedgerRow[]
  orderNumbers: LedgerRow[]
  orders: OrderRow[]
}

/** What the callers were told. */
export type Told = Pick<Callers, 'numbers' | 'orders' | 'failures'>

/** Compares the answers to the callers with what the databases have now. */
export const prove = async (databaseUrl: (database: string) => string, told: Told): Promise<Proof> =>
  compare(told, await readRecords(databaseUrl))

/** @param databaseUrl of a database, by its name */
export async function readRecords(databaseUrl: (database: string) => string): Promise<Records> {
  const issued = (prefix: string) =>
    read<LedgerRow>(
      databaseUrl('sequencerdb'),
      `SELECT number, idempotency_key AS key, value FROM ledger WHERE prefix = '${prefix}' AND event = 'issue' ORDER BY value`,
    )
  const [numbers, orderNumbers, orders] = await Promise.all([
    issued('SG'),
    issued('ORD'),
    read<OrderRow>(
      databaseUrl('orderdb'),
      `SELECT orders.id, reference, order_number AS number, key
       FROM orders LEFT JOIN idempotency_records ON resource_id = orders.id`,
    ),
  ])
  return { numbers, orderNumbers, orders }
}

/** Compares answers with records. */
export function compare(callers: Told, { numbers, orderNumbers, orders }: Records): Proof {
  const numberOf = new Map(numbers.map(({ key, number }) => [key, number]))
  const orderOf = new Map(orders.map((order) => [order.key, order]))
  const numberOfReference = new Map(orderNumbers.map(({ key, number }) => [key, number]))
  const references = new Set(orders.map(({ reference }) => reference))
  const asked = new Set([...callers.numbers.map(({ key }) => key), ...callers.failures.map(keyOfFailure)])
  const ordered = new Set([...callers.orders.map(({ key }) => key), ...callers.failures.map(keyOfFailure)])

  return {
    numbers: callers.numbers.length,
    orders: callers.orders.length,
    lost: [
      ...callers.numbers
        .filter(({ key, answer }) => numberOf.get(key) !== answer)
        .map(({ key, answer }) => `number ${answer} of ${key}`),
      ...callers.orders
        .filter(({ key, answer }) => {
          const kept = orderOf.get(key)
          return Number(kept?.id) !== answer.id || kept?.reference !== answer.reference
        })
        .map(({ key, answer }) => `order ${answer.id} of ${key}`),
      ...callers.orders
        .filter(
          ({ key, answer }) => answer.orderNumber !== null && orderOf.get(key)?.number !== answer.orderNumber,
        )
        .map(({ key, answer }) => `number ${answer.orderNumber} of order ${key}`),
    ],
    doubled: [
      ...twice(callers.numbers.map(({ answer }) => answer)),
      ...twice(numbers.map(({ number }) => number)),
      ...twice(orders.flatMap(({ number }) => number ?? [])),
      ...twice(orders.flatMap(({ key }) => key ?? [])),
    ],
    unexplained: [
      ...numbers.filter(({ key }) => !asked.has(key)).map(({ number }) => `number ${number}`),
      ...orders.filter(({ key }) => key === null || !ordered.has(key)).map(({ id }) => `order ${id}`),
      ...orderNumbers
        .filter(({ key }) => !references.has(key))
        .map(({ number }) => `number ${number} of no order`),
      ...orders
        .filter(({ reference, number }) => number !== numberOfReference.get(reference))
        .map(({ id, number }) => `order ${id} with ${number}`),
      ...holesOf(numbers).map((value) => `no number with the value ${value}`),
      ...holesOf(orderNumbers).map((value) => `no order number with the value ${value}`),
      ...callers.failures,
    ],
  }
}

const keyOfFailure = (failure: string) => failure.slice(0, failure.indexOf(':'))

const holesOf = (rows: readonly LedgerRow[]): number[] => {
  const values = new Set(rows.map(({ value }) => Number(value)))
  return Array.from({ length: rows.length }, (_, index) => index + 1).filter((value) => !values.has(value))
}

function twice(texts: readonly string[]): string[] {
  const seen = new Set<string>()
  return texts.filter((text) => seen.size === seen.add(text).size)
}

async function read<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}
