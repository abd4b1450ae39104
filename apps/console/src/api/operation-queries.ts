import type { DeadLetterFilter, WebhookDelivery } from '@ordinal/client'
import { queryOptions } from '@tanstack/react-query'
import { asAdmin } from './allowed'
import { ordinal } from './ordinal'
import { unlessRefused } from './refresh'

// All of this is for administrators.

export const webhooks = queryOptions({
  queryKey: ['webhooks', 'list'],
  queryFn: ({ signal }) => asAdmin(() => firstOf(ordinal().webhooks.list({ signal }), 1_000)),
})

export const webhookOf = (id: number) =>
  queryOptions({
    queryKey: ['webhooks', id],
    queryFn: ({ signal }) => asAdmin(() => ordinal().webhooks.get(id, { signal })),
  })

export const deliveryStates = ['waiting', 'delivered', 'failed'] as const

/** The latest deliveries, while somebody looks at them. */
export const deliveriesOf = (id: number, state: WebhookDelivery['state'] | undefined, count: number) =>
  queryOptions({
    queryKey: ['webhooks', id, 'deliveries', state, count],
    queryFn: ({ signal }) =>
      asAdmin(() => firstOf(ordinal().webhooks.deliveries(id, { state }, { signal }), count)),
    placeholderData: (before) => before,
    refetchInterval: unlessRefused(2_000),
  })

export const attemptsOf = (id: number, delivery: number | undefined, count: number) =>
  queryOptions({
    queryKey: ['webhooks', id, 'attempts', delivery, count],
    queryFn: ({ signal }) =>
      asAdmin(() => firstOf(ordinal().webhooks.attempts(id, { delivery_id: delivery }, { signal }), count)),
    placeholderData: (before) => before,
    refetchInterval: unlessRefused(2_000),
  })

export const apiKeysOf = (active: boolean | undefined, count: number) =>
  queryOptions({
    queryKey: ['api-keys', 'list', active, count],
    queryFn: ({ signal }) =>
      asAdmin(() => firstOf(ordinal().apiKeys.list({ active, page_size: 100 }, { signal }), count)),
    placeholderData: (before) => before,
    refetchInterval: unlessRefused(10_000),
  })

export const apiKeyOf = (id: string) =>
  queryOptions({
    queryKey: ['api-keys', id],
    queryFn: ({ signal }) => asAdmin(() => ordinal().apiKeys.get(id, { signal })),
  })

/** What waits in the outbox, by type. */
export const eventBacklog = queryOptions({
  queryKey: ['events', 'backlog'],
  queryFn: ({ signal }) => asAdmin(() => ordinal().events.backlog({ signal })),
  refetchInterval: unlessRefused(2_000),
})

export const waitingEventsOf = (type: string | undefined, count: number) =>
  queryOptions({
    queryKey: ['events', 'waiting', type, count],
    queryFn: ({ signal }) => asAdmin(() => firstOf(ordinal().events.waiting({ type }, { signal }), count)),
    placeholderData: (before) => before,
    refetchInterval: unlessRefused(2_000),
  })

/** A piece of the dead letters, the oldest first. */
export const deadLettersOf = ({ consumer, type }: DeadLetterFilter, cursor = '0') =>
  queryOptions({
    queryKey: ['events', 'dead', consumer, type, cursor],
    queryFn: ({ signal }) =>
      asAdmin(() => ordinal().events.deadLettersPage({ consumer, type, cursor, page_size: 50 }, { signal })),
    placeholderData: (before) => before,
    refetchInterval: unlessRefused(5_000),
  })

/** How many dead letters there are with that filter. */
export const deadLetterTotalOf = ({ consumer, type }: DeadLetterFilter) =>
  queryOptions({
    queryKey: ['events', 'dead total', consumer, type],
    queryFn: ({ signal }) =>
      asAdmin(async () => {
        const { total } = await ordinal().events.deadLettersPage({ consumer, type, page_size: 1 }, { signal })
        return total
      }),
    refetchInterval: unlessRefused(5_000),
  })

/** The beginning of a list that is read piece by piece, and whether there is more. */
async function firstOf<Item>(all: AsyncIterable<Item>, count: number) {
  const data: Item[] = []
  for await (const item of all) {
    if (data.length === count) return { data, hasMore: true }
    data.push(item)
  }
  return { data, hasMore: false }
}
