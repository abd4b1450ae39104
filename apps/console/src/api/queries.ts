import { queryOptions } from '@tanstack/react-query'
import type { ServiceName } from './config'
import { fetchHealth, fetchTraffic } from './health'
import { ordinal } from './ordinal'
import { unlessRefused } from './refresh'

// What a page reads is a query with a key that begins with the kind of thing: whoever changes an order invalidates ['orders'].

export const healthOf = (name: ServiceName) =>
  queryOptions({
    queryKey: ['health', name],
    queryFn: ({ signal }) => fetchHealth(name, signal),
    refetchInterval: 2_000,
    retry: false,
  })

/** Whether a service is open: strangers may do what does not always need a role. */
export const opennessOf = (name: ServiceName) =>
  queryOptions({
    queryKey: ['openness', name],
    queryFn: async ({ signal }) => (await fetchHealth(name, signal)).authentication_required === false,
    // It holds until the service is started anew.
    staleTime: 60_000,
    refetchInterval: 60_000,
  })

export const trafficOf = (name: ServiceName) =>
  queryOptions({
    queryKey: ['traffic', name],
    queryFn: ({ signal }) => fetchTraffic(name, signal),
    refetchInterval: 5_000,
    retry: false,
  })

export const orderStatuses = ['pending', 'confirmed', 'shipped', 'delivered', 'cancelled'] as const

export type OrderStatus = (typeof orderStatuses)[number]

/** How many orders are in each status. */
export const orderCounts = queryOptions({
  queryKey: ['orders', 'counts'],
  queryFn: ({ signal }) =>
    Promise.all(
      orderStatuses.map(async (status) => {
        const { pagination } = await ordinal().orders.page({ status, page: 1, page_size: 1 }, { signal })
        return { status, count: pagination.total ?? 0 }
      }),
    ),
  refetchInterval: unlessRefused(10_000),
})
