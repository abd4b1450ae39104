import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { ordinal } from './ordinal'

export const sequencesOf = (page: number, active: boolean | undefined) =>
  queryOptions({
    queryKey: ['sequences', 'list', page, active],
    queryFn: ({ signal }) => ordinal().sequences.page({ page, page_size: 100, active }, { signal }),
  })

export const sequenceOf = (prefix: string) =>
  queryOptions({
    queryKey: ['sequences', prefix],
    queryFn: ({ signal }) => ordinal().sequences.get(prefix, { signal }),
  })

export const statusOf = (prefix: string) =>
  queryOptions({
    queryKey: ['numbers', 'status', prefix],
    queryFn: ({ signal }) => ordinal().numbers.status(prefix, {}, { signal }),
  })

export const previewOf = (prefix: string) =>
  queryOptions({
    queryKey: ['numbers', 'preview', prefix],
    queryFn: ({ signal }) => ordinal().numbers.preview(prefix, {}, { signal }),
  })

export const numberOf = (number: string, prefix: string | undefined) =>
  queryOptions({
    queryKey: ['numbers', number, prefix],
    queryFn: ({ signal }) => ordinal().numbers.get(number, { prefix }, { signal }),
  })

export const orderWithNumber = (number: string) =>
  queryOptions({
    queryKey: ['orders', 'with-number', number],
    queryFn: async ({ signal }) =>
      (await ordinal().orders.page({ order_number: number }, { signal })).data[0] ?? null,
  })

export const gapStates = ['free', 'void'] as const

export const gapsOf = (prefix: string, state: (typeof gapStates)[number] | undefined) =>
  infiniteQueryOptions({
    queryKey: ['numbers', 'gaps', prefix, state],
    queryFn: ({ pageParam, signal }) =>
      ordinal().numbers.gapsPage(prefix, { state, cursor: pageParam, page_size: 100 }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ pagination }) => pagination.next_cursor,
  })
