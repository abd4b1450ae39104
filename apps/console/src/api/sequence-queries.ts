import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { asViewer } from './allowed'
import { ordinal } from './ordinal'

const mostSequences = 2_000

/** Sequences by their prefixes, as many as a page can show, and how many there are. */
export const sequencesOf = (active: boolean | undefined) =>
  queryOptions({
    queryKey: ['sequences', 'list', active],
    queryFn: async ({ signal }) => {
      const read = (page: number) =>
        asViewer(() => ordinal().sequences.page({ page, page_size: 100, active }, { signal }))
      const { data, pagination } = await read(1)
      for (let page = 2; page <= pagination.total_pages && data.length < mostSequences; page += 1)
        data.push(...(await read(page)).data)
      return { data, pagination: { ...pagination, next_cursor: null } }
    },
  })

export const sequenceOf = (prefix: string) =>
  queryOptions({
    queryKey: ['sequences', prefix],
    queryFn: ({ signal }) => asViewer(() => ordinal().sequences.get(prefix, { signal })),
  })

export const statusOf = (prefix: string) =>
  queryOptions({
    queryKey: ['numbers', 'status', prefix],
    queryFn: ({ signal }) => ordinal().numbers.status(prefix, {}, { signal }),
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

/** Which gaps are looked at, as the address has it. */
export interface GapSearch {
  prefix?: string
  period?: string
  state?: (typeof gapStates)[number]
  /** The stretch of values in view; all if not given. */
  from?: number
  to?: number
}

export const gapsOf = ({ prefix, state, period, from, to }: GapSearch) =>
  infiniteQueryOptions({
    queryKey: ['numbers', 'gaps', prefix, 'list', period, state, from, to],
    queryFn: ({ pageParam, signal }) =>
      ordinal().numbers.gapsPage(
        prefix!,
        { period, state, from, to, cursor: pageParam, page_size: 100 },
        { signal },
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ pagination }) => pagination.next_cursor,
  })

/** Where the gaps are, in so many buckets. While another stretch is read, the one before stays. */
export const gapMapOf = ({ prefix, period, from, to }: GapSearch, buckets: number) =>
  queryOptions({
    queryKey: ['numbers', 'gaps', prefix, 'map', period, from, to, buckets],
    queryFn: ({ signal }) => ordinal().numbers.gapMap(prefix!, { period, from, to, buckets }, { signal }),
    placeholderData: (before) => before,
  })

/** How many gaps fit on paper. */
const printedGaps = 2_000

/** All gaps of a period, to be printed: the first 2,000. */
export const allGapsOf = (prefix: string, period: string) =>
  queryOptions({
    queryKey: ['numbers', 'gaps', prefix, 'all', period],
    queryFn: async ({ signal }) => {
      const found = []
      for await (const gap of ordinal().numbers.gaps(prefix, { period, page_size: 100 }, { signal })) {
        found.push(gap)
        if (found.length === printedGaps) break
      }
      return found
    },
  })
