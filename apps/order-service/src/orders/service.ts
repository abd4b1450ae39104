import { isHiddenFrom, notePersonalData, requireStaff, type RequestContext } from '@ordinal/middleware'
import type { Pool } from 'pg'
import { traced, transaction, type Queryable } from '@ordinal/database'
import { noDeadline, type Deadline } from '@ordinal/deadline'
import { AppError } from '../domain/errors'
import type { Outbox } from '@ordinal/events'
import { toList, totalShownBy } from '@ordinal/http'
import { deadlineOfCall, type Trace } from '../clients/service-clients'
import type { User, Users } from '../clients/users'
import { toJson, type Order, type OrderJson } from '../domain/order'
import { mayBecome, statusesBefore, type OrderStatus } from '../domain/status'
import { recordOrderEvents, type OrderEventType } from '../events/order-events'
import { workloadOfList } from './list-cost'
import { countOrders, listOrders } from './list-queries'
import { markDeleted, updateStatus, type Edited } from './queries'
import type { OrderRepository } from './repository'
import { orderCursors } from './schemas'

interface Deps {
  repository: OrderRepository
  /** For lists that are small reads. */
  readDb: Queryable
  /** For those that may look at every order. */
  heavyDb: Queryable
  users: Users
  pool: Pool
  outbox: Outbox
  /** How long a transaction may take. */
  databaseTimeoutMs: number
}

/** Who asks, and for which request. Customers see their own orders only. */
type Asker = Trace & Partial<Pick<RequestContext, 'role' | 'userId' | 'scopes' | 'personal'>>

/** Who asks for a change. */
type Changer = Asker & Pick<RequestContext, 'caller' | 'role'>

/** Which part of a list. */
interface Part {
  page?: number | undefined
  /** The id of the order before. In place of a page. */
  after?: readonly [id: number] | undefined
  page_size: number
}

/** Which orders. */
interface ListFilter {
  order_number?: string | undefined
  reference?: string | undefined
  user_id?: number | undefined
  product_id?: string | undefined
  status?: OrderStatus | undefined
  without_number?: boolean | undefined
}

type OrderWithUser = OrderJson & { user: User | null }

// Longer than a user service that is well takes, shorter than a reader notices.
const userTimeoutMs = 500

export type Orders = ReturnType<typeof createOrders>

/**
 * Orders that are placed, as REST and gRPC answer them. A deleted one stays in the database with its number, and is never
 * found again.
 */
export function createOrders({ repository, readDb, heavyDb, users, pool, outbox, databaseTimeoutMs }: Deps) {
  return {
    /**
     * An order, with its user if the user service answers in time.
     *
     * @throws AppError `order_not_found`
     */
    one: async (id: number, asker: Asker, deadline: Deadline = noDeadline): Promise<OrderWithUser> =>
      withUser(await requireOrder(id, asker), asker, deadline),

    /**
     * The order that has a number, with its user if the user service answers in time.
     *
     * @throws AppError `order_not_found`
     */
    async oneByNumber(number: string, asker: Asker, deadline: Deadline): Promise<OrderWithUser> {
      const order = await repository.findByNumber(number, asker.span)
      if (!order || isHidden(order, asker))
        throw new AppError('order_not_found', `There is no order ${number}`)
      return withUser(order, asker, deadline)
    },

    /** A part of a list, oldest first. It is counted only if it is read by page, and has no users. */
    async list({ page = 1, after, page_size }: Part, given: ListFilter, asker?: Asker) {
      const asked = asker ? ofOwn(given, asker) : given
      if (!asked)
        return toList([], 0, { page, page_size }, toJson, ({ id }) => orderCursors.write([id], given))
      const filter = {
        orderNumber: asked.order_number,
        reference: asked.reference,
        userId: asked.user_id,
        productId: asked.product_id,
        status: asked.status,
        withoutNumber: asked.without_number,
      }
      // One more shows whether the list goes on.
      const take = page_size + 1
      const place = after ? { after: after[0], take } : { skip: (page - 1) * page_size, take }
      const cost = workloadOfList({ ...asked, page, page_size, cursor: after })
      const db = traced(cost === 'read' ? readDb : heavyDb, asker?.span)
      const rows = await listOrders(db, filter, place)
      const total = after
        ? undefined
        : (totalShownBy(rows.length, { page, page_size }) ?? (await countOrders(db, filter)))
      return toList(rows, total, { page, page_size }, toJson, ({ id }) => orderCursors.write([id], given))
    },

    /**
     * Takes an order one step further.
     *
     * @throws AppError `order_not_found`, `role_too_low`, `version_mismatch`, `illegal_transition`, and what `deadline` throws
     */
    async changeStatus(
      edited: Edited,
      status: OrderStatus,
      trace: Changer,
      deadline: Deadline,
    ): Promise<OrderJson> {
      await requireOwn(edited, trace)
      // The other steps are for the staff who fulfil the order.
      if (status !== 'cancelled') requireStaff(trace, `make an order ${status}`)
      // Another request may take the order a step further between the two statements; no step leads back.
      for (let round = 0; round <= statusesBefore(status).length; round += 1) {
        const changed = await commit('order.updated', trace, deadline, (tx) =>
          updateStatus(tx, edited, status),
        )
        if (changed) return toJson(changed)
        const order = await requireVersion(edited, trace)
        if (!mayBecome(order.status, status)) {
          throw new AppError(
            'illegal_transition',
            `Order ${order.id} is ${order.status} and cannot become ${status}`,
          )
        }
      }
      throw changesNow(edited)
    },

    /** @throws AppError `order_not_found`, `version_mismatch`, and what `deadline` throws */
    async remove(edited: Edited, trace: Trace, deadline: Deadline): Promise<void> {
      // Another request may bring the order to another version that the caller names; versions only rise.
      for (let round = 0; round <= (edited.versions?.length ?? 0); round += 1) {
        if (await commit('order.deleted', trace, deadline, (tx) => markDeleted(tx, edited))) return
        await requireVersion(edited, trace)
      }
      throw changesNow(edited)
    },
  }

  async function withUser(order: Order, asker: Asker, deadline: Deadline): Promise<OrderWithUser> {
    if (!mayReadUsers(asker)) return { ...toJson(order), user: null }
    const timeout = deadlineOfCall(deadline).within(userTimeoutMs)
    const user = await users.findInTime(order.userId, asker, timeout)
    if (user) notePersonalData(asker, 'read', [user.id])
    return { ...toJson(order), user }
  }

  async function requireOrder(id: number, asker: Pick<Asker, 'span' | 'role' | 'userId'>): Promise<Order> {
    const order = await repository.find(id, asker.span)
    if (order && !isHidden(order, asker)) return order
    throw new AppError('order_not_found', `There is no order ${id}`)
  }

  /** Before a change of a customer: whose an order is never changes. */
  async function requireOwn({ id }: Edited, asker: Asker): Promise<void> {
    if (asker.role === 'customer') await requireOrder(id, asker)
  }

  async function requireVersion({ id, versions }: Edited, { span }: Trace): Promise<Order> {
    const order = await requireOrder(id, { span })
    if (!versions || versions.includes(order.version)) return order
    throw new AppError(
      'version_mismatch',
      `Order ${id} is at version ${order.version}; its ETag is "${order.version}"`,
    )
  }

  /**
   * Makes a change and records its event, in one transaction, unless the deadline has passed. An order without a number
   * has no events yet.
   */
  async function commit(
    type: OrderEventType,
    trace: Trace,
    deadline: Deadline,
    change: (tx: Queryable) => Promise<Order | undefined>,
  ): Promise<Order | undefined> {
    const work = async (tx: Queryable) => {
      const changed = await change(tx)
      if (changed?.orderNumber) await recordOrderEvents(outbox, tx, type, [{ order: changed, trace }])
      return changed
    }
    const changed = await transaction(pool, work, {
      timeoutMs: databaseTimeoutMs,
      deadline,
      span: trace.span,
    })
    outbox.announce(type)
    return changed
  }
}

const isHidden = ({ userId }: Order, { role, userId: ofCaller }: Pick<Asker, 'role' | 'userId'>): boolean =>
  isHiddenFrom({ role, userId: ofCaller }, userId)

/** A key that is limited to orders reads no user by way of them. */
const mayReadUsers = ({ scopes }: Asker): boolean => scopes === undefined || scopes.includes('users:read')

/** The filter for what the asker may see; undefined if that is nothing. */
function ofOwn(asked: ListFilter, { role, userId }: Asker): ListFilter | undefined {
  if (role !== 'customer') return asked
  if (userId === undefined) return undefined
  return (asked.user_id ?? userId) === userId ? { ...asked, user_id: userId } : undefined
}

const changesNow = ({ id }: Edited) => new AppError('version_mismatch', `Order ${id} changes at this moment`)
