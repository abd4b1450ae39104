import type { OrderFilter } from '@ordinal/client'
import { queryOptions } from '@tanstack/react-query'
import { ordinal } from './ordinal'
import type { OrderStatus } from './queries'
import { untilAnswered } from './refresh'

/** What a list of orders is narrowed to, as the address has it. */
export interface OrderSearch {
  status?: OrderStatus
  /** Only those that wait for their number. */
  numbered?: 'no'
  user?: number
  product?: string
  cursor?: string
}

export interface UserSearch {
  q?: string
  active?: 'yes' | 'no'
  cursor?: string
}

const pageSize = 50

/** What is looked for, as the service takes it. */
export const orderFilterOf = ({ status, numbered, user, product }: OrderSearch): OrderFilter => ({
  status,
  user_id: user,
  product_id: product,
  without_number: numbered === 'no' || undefined,
})

/** A piece of the list. The total belongs to the first page, and is not counted again for the others. */
export const ordersOf = ({ cursor, ...search }: OrderSearch) =>
  queryOptions({
    queryKey: ['orders', 'list', orderFilterOf(search), cursor],
    queryFn: ({ signal }) =>
      ordinal().orders.page(
        { ...orderFilterOf(search), cursor: cursor ?? '0', page_size: pageSize },
        { signal },
      ),
    placeholderData: (before) => before,
  })

/** How many orders there are with that filter. */
export const orderTotalOf = (search: OrderSearch) =>
  queryOptions({
    queryKey: ['orders', 'total', orderFilterOf(search)],
    queryFn: async ({ signal }) =>
      (await ordinal().orders.page({ ...orderFilterOf(search), page: 1, page_size: 1 }, { signal }))
        .pagination.total,
  })

export const orderOf = (id: number) =>
  queryOptions({
    queryKey: ['orders', id],
    queryFn: ({ signal }) => ordinal().orders.get(id, { signal }),
    // One without a number gets it by itself.
    refetchInterval: (query) => (query.state.data?.order_number === null ? 2_000 : untilAnswered(query)),
  })

export const usersOf = ({ q, active, cursor }: UserSearch) =>
  queryOptions({
    queryKey: ['users', 'list', q, active, cursor],
    queryFn: ({ signal }) =>
      ordinal().users.page(
        {
          search: q,
          cursor: cursor ?? '0',
          page_size: pageSize,
          ...(active && { active: active === 'yes' }),
        },
        { signal },
      ),
    placeholderData: (before) => before,
  })

/** How many users there are with that filter. */
export const userTotalOf = ({ q, active }: UserSearch) =>
  queryOptions({
    queryKey: ['users', 'total', q, active],
    queryFn: async ({ signal }) =>
      (
        await ordinal().users.page(
          { search: q, page: 1, page_size: 1, ...(active && { active: active === 'yes' }) },
          { signal },
        )
      ).pagination.total,
  })

export const userOf = (id: number) =>
  queryOptions({
    queryKey: ['users', id],
    queryFn: ({ signal }) => ordinal().users.get(id, { signal }),
  })
