import type { Queryable } from '@ordinal/database'
import { totalOf } from '@ordinal/list-totals'
import { orderColumns, type Order } from '../domain/order'
import type { OrderStatus } from '../domain/status'

/** Which orders a list has; those that are deleted are in none. */
export interface OrderFilter {
  orderNumber?: string | undefined
  reference?: string | undefined
  userId?: number | undefined
  productId?: string | undefined
  status?: OrderStatus | undefined
  /** Only those that wait for their number. */
  withoutNumber?: boolean | undefined
}

// From the one that leaves the fewest to the one that leaves the most. The first two are unique; the others
// have an index with the id behind it.
const columns = [
  ['order_number', 'orderNumber'],
  ['reference', 'reference'],
  ['user_id', 'userId'],
  ['product_id', 'productId'],
  ['status', 'status'],
] as const

/**
 * The orders that fit, oldest first: at most `take` of them, after the one with an id, or after so many.
 *
 * They are read by the index of the first column that is asked for, from the place where they begin. Asked for
 * "user_id = 7, by id", the planner may go through all orders by id instead, since it takes those of a user, or the
 * pending ones, for spread evenly; they may all be at the end. So the condition does not say that there is one user: then only
 * that index has the order that is wanted. Those without a number have an index of their own, as small as they are few.
 */
export async function listOrders(
  db: Queryable,
  filter: OrderFilter,
  { after = 0, skip = 0, take }: { after?: number | undefined; skip?: number; take: number },
): Promise<Order[]> {
  const values: unknown[] = [after, take, skip]
  const asked = columns.flatMap(([column, field]) => {
    const value = filter[field]
    return value === undefined ? [] : [{ column, value: `$${values.push(value)}` }]
  })
  const [first, others] = filter.withoutNumber ? [undefined, asked] : [asked[0], asked.slice(1)]
  const stretch = first
    ? `(${first.column}, id) > (${first.value}, $1) AND ${first.column} <= ${first.value}`
    : 'id > $1'
  const { rows } = await db.query<Order>(
    `SELECT ${orderColumns} FROM orders
     WHERE deleted_at IS NULL${waiting(filter)} AND ${stretch}${others.map(({ column, value }) => ` AND ${column} = ${value}`).join('')}
     ORDER BY ${first ? `${first.column}, id` : 'id'} LIMIT $2 OFFSET $3`,
    values,
  )
  return rows
}

const waiting = ({ withoutNumber }: OrderFilter) => (withoutNumber ? ' AND order_number IS NULL' : '')

/**
 * How many orders fit. Of all, and of a status, that is the sum of the counts that triggers keep; those of a user or a
 * product, and those without a number, are counted in the index that the list is read by.
 */
export async function countOrders(db: Queryable, filter: OrderFilter): Promise<number> {
  const asked = columns.filter(([, field]) => filter[field] !== undefined)
  if (!filter.withoutNumber && asked.every(([column]) => column === 'status'))
    return totalOf(db, filter.status)
  const { rows } = await db.query<{ total: number }>(
    `SELECT count(*)::int8 AS total FROM orders
     WHERE deleted_at IS NULL${waiting(filter)}${asked.map(([column], index) => ` AND ${column} = $${index + 1}`).join('')}`,
    asked.map(([, field]) => filter[field]),
  )
  return rows[0]!.total
}
