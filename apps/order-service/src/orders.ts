import type { Pool } from 'pg'
import { databaseErrorOf, transaction, type Queryable } from '@ordinal/database'
import { AppError } from '@ordinal/errors'
import type { Outbox } from '@ordinal/events'
import type { RequestContext } from '@ordinal/middleware'
import type { PrismaClient } from './generated/prisma/client'
import type { OrderFilter } from './list-orders'
import { orderColumns, type Order } from './order'
import { recordOrderEvents, type OrderEventType } from './order-events'
import type { Patience } from './patience'
import { mayBecome, statusesBefore, type OrderStatus } from './status'

interface Deps {
  prisma: PrismaClient
  /** For counts, which may look at every order. */
  heavyPrisma: PrismaClient
  pool: Pool
  outbox: Outbox
  /** How long a transaction may take. */
  databaseTimeoutMs: number
}

type Trace = Pick<RequestContext, 'traceparent'>

export type Orders = ReturnType<typeof createOrders>

/** Orders that are placed. A deleted one stays in the database with its number, and is never found again. */
export function createOrders({ prisma, heavyPrisma, pool, outbox, databaseTimeoutMs }: Deps) {
  /** @throws AppError `order_not_found` */
  async function requireOrder(id: number): Promise<Order> {
    const order = await prisma.order.findFirst({ where: { id, deletedAt: null } })
    return order ?? missing(id)
  }

  return {
    require: requireOrder,

    /** How many orders there are that fit. */
    count: (filter: OrderFilter): Promise<number> =>
      heavyPrisma.order.count({ where: { ...filter, deletedAt: null } }),

    /**
     * Takes an order one step further.
     *
     * @param versions those that the caller knows the order in; any if undefined
     * @throws AppError `order_not_found`, `version_mismatch`, `illegal_transition`, and what `patience` throws
     */
    async changeStatus(
      id: number,
      status: OrderStatus,
      versions: number[] | undefined,
      trace: Trace,
      patience: Patience,
    ): Promise<Order> {
      // Somebody else may change the order between the two statements, but it has few steps to go: this ends.
      for (;;) {
        const change = { id, status, versions }
        const changed = await announced('order.updated', { trace, patience }, (tx) =>
          updateStatus(tx, change),
        )
        if (changed) return changed
        const order = await requireOrder(id)
        requireVersion(order, versions)
        if (!mayBecome(order.status, status)) {
          throw new AppError(
            'illegal_transition',
            `Order ${id} is ${order.status} and cannot become ${status}`,
          )
        }
      }
    },

    /**
     * @param versions as for `changeStatus`
     * @throws AppError `order_not_found`, `version_mismatch`, and what `patience` throws
     */
    async remove(
      id: number,
      versions: number[] | undefined,
      trace: Trace,
      patience: Patience,
    ): Promise<void> {
      for (;;) {
        const removed = await announced('order.deleted', { trace, patience }, (tx) =>
          markDeleted(tx, { id, versions }),
        )
        if (removed) return
        requireVersion(await requireOrder(id), versions)
      }
    },
  }

  /**
   * Makes a change and tells of it, in one transaction, unless nobody waits for it any more. Of an order without a
   * number nobody has been told yet.
   */
  async function announced(
    type: OrderEventType,
    { trace: { traceparent }, patience }: { trace: Trace; patience: Patience },
    change: (tx: Queryable) => Promise<Order | undefined>,
  ): Promise<Order | undefined> {
    const work = async (tx: Queryable) => {
      const changed = await change(tx)
      if (changed?.orderNumber) await recordOrderEvents(outbox, tx, type, [changed], traceparent)
      return changed
    }
    patience.requireWanted()
    const limitMs = Math.min(patience.leftMs(), databaseTimeoutMs)
    const changed = await transaction(pool, work, { limitMs }).catch((error: unknown) => {
      if (limitMs === databaseTimeoutMs || databaseErrorOf(error)?.kind !== 'deadline_exceeded') throw error
      throw new AppError('deadline_exceeded', 'Nothing was changed in the time that there was')
    })
    outbox.announce()
    return changed
  }
}

/** Undefined if the order is not there, not in a state from which it may become so, or not in one of the versions. */
async function updateStatus(
  tx: Queryable,
  { id, status, versions }: { id: number; status: OrderStatus; versions: number[] | undefined },
): Promise<Order | undefined> {
  const { rows } = await tx.query<Order & object>(
    `UPDATE orders SET status = $2, version = version + 1, updated_at = now()
     WHERE id = $1 AND deleted_at IS NULL AND status = ANY($3::order_status[])
       AND ($4::int[] IS NULL OR version = ANY($4)) RETURNING ${orderColumns}`,
    [id, status, statusesBefore(status), versions],
  )
  return rows[0]
}

async function markDeleted(
  tx: Queryable,
  { id, versions }: { id: number; versions: number[] | undefined },
): Promise<Order | undefined> {
  const { rows } = await tx.query<Order & object>(
    `UPDATE orders SET deleted_at = now(), updated_at = now()
     WHERE id = $1 AND deleted_at IS NULL AND ($2::int[] IS NULL OR version = ANY($2)) RETURNING ${orderColumns}`,
    [id, versions],
  )
  return rows[0]
}

function missing(id: number): never {
  throw new AppError('order_not_found', `There is no order ${id}`)
}

function requireVersion({ id, version }: Order, versions: number[] | undefined): void {
  if (!versions || versions.includes(version)) return
  throw new AppError('version_mismatch', `Order ${id} is at version ${version}; its ETag is "${version}"`)
}
