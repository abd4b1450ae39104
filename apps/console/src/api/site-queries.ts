import { queryOptions } from '@tanstack/react-query'
import { requireRole } from './allowed'
import { ordinal } from './ordinal'
import { unlessRefused } from './refresh'

/** The sequence on which all sites draw. */
export const globalSequence = 'GLOBAL'

export const invoiceTypes = ['on-cycle', 'off-cycle', 'simulated', 'suppressed'] as const
export type InvoiceType = (typeof invoiceTypes)[number]

export const sitesInUse = queryOptions({
  queryKey: ['sites', 'list'],
  queryFn: async ({ signal }) => {
    requireRole('viewer')
    const sites = []
    for await (const site of ordinal().sites.list({ active: true }, { signal })) sites.push(site)
    return sites
  },
})

export const siteStats = queryOptions({
  queryKey: ['numbers', 'sites', 'stats'],
  queryFn: ({ signal }) => ordinal().sites.stats({}, { signal }),
  refetchInterval: unlessRefused(2_000),
})
