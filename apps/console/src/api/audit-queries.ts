import { ProblemError, type AuditFilter } from '@ordinal/client'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { asAdmin, asViewer, requireRole } from './allowed'
import type { AuditSearch } from './audit-search'
import { fetchAsCaller, ordinal, services } from './ordinal'
import { unlessRefused } from './refresh'
import { authorizationHeaders } from './renewal'

/** What is looked for, as the service takes it. */
export const filterOf = ({ from, to, ...search }: AuditSearch): AuditFilter => {
  const { prefix, number, client, site, request, event, type } = search
  return {
    prefix,
    number,
    client_id: client,
    site_id: site,
    request_id: request,
    event,
    invoice_type: type,
    from: momentOf(from),
    to: momentOf(to),
  }
}

/** A moment as the services take it; the address has the time of whoever looks, as a field for it does. */
export function momentOf(local: string | undefined): string | undefined {
  const date = new Date(local ?? '')
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

export const entriesOf = (search: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: ['audit', 'entries', filterOf(search)],
    queryFn: ({ pageParam, signal }) =>
      asViewer(() =>
        ordinal().audit.page(
          { ...filterOf(search), cursor: pageParam, page_size: 200 },
          // The service looks for five seconds before it gives up.
          { signal, attemptTimeoutMs: 10_000 },
        ),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ pagination }) => pagination.next_cursor ?? undefined,
  })

/** When checkpoints were written and given out. Administrators may know. */
export const checkpointsKept = queryOptions({
  queryKey: ['audit', 'checkpoints'],
  queryFn: ({ signal }) =>
    asAdmin(async () => (await ordinal().diagnostics.sequencer({ signal })).checkpoints),
  refetchInterval: unlessRefused(60_000),
})

export interface ExportChoice {
  format: 'ndjson' | 'csv'
  prefix?: string | undefined
  period?: string | undefined
  from?: string | undefined
  to?: string | undefined
}

/**
 * The ledger as a file, as it arrives.
 *
 * @throws NotAllowedError; ProblemError where the service refuses
 */
export async function openExport(choice: ExportChoice, signal: AbortSignal): Promise<Response> {
  requireRole('viewer')
  const url = new URL('api/v1/audit/export', services().sequencer.replace(/\/?$/, '/'))
  for (const [name, value] of Object.entries(choice) as [string, string | undefined][])
    if (value !== undefined) url.searchParams.set(name, value)
  const response = await fetchAsCaller(url, {
    headers: await authorizationHeaders(),
    credentials: 'omit',
    signal,
  })
  if (response.ok && response.body) return response
  throw new ProblemError((await response.json()) as ConstructorParameters<typeof ProblemError>[0], {
    attempts: 1,
  })
}
