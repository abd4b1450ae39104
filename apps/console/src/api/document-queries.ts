import { queryOptions } from '@tanstack/react-query'
import { ordinal } from './ordinal'
import type { OrderStatus } from './queries'

/** What a list of orders is narrowed to, as the address has it. */
export interface OrderSearch {
  status?: OrderStatus
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

/** A piece of the list. The total belongs to the first page, and is not counted again for the others. */
export const ordersOf = ({ status, user, product, cursor }: OrderSearch) =>
  queryOptions({
    queryKey: ['orders', 'list', status, user, product, cursor],
    queryFn: ({ signal }) =>
      ordinal().orders.page(
        { status, user_id: user, product_id: product, cursor: cursor ?? '0', page_size: pageSize },
        { signal },
      ),
    placeholderData: (before) => before,
  })

/** How many orders there are with that filter. */
export const orderTotalOf = ({ status, user, product }: OrderSearch) =>
  queryOptions({
    queryKey: ['orders', 'total', status, user, product],
    queryFn: async ({ signal }) =>
      (
        await ordinal().orders.page(
          { status, user_id: user, product_id: product, page: 1, page_size: 1 },
          { signal },
        )
      ).pagination.total,
  })

export const orderOf = (id: number) =>
  queryOptions({
    queryKey: ['orders', id],
    queryFn: ({ signal }) => ordinal().orders.get(id, { signal }),
    // One without a number gets it by itself.
    refetchInterval: ({ state }) => (state.data?.order_number === null ? 2_000 : false),
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
