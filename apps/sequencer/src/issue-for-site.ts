import { AppError } from '@ordinal/errors'
import type { Allocator } from './ledger/allocator'
import type { Quotas } from './quota'
import type { Issued, IssueRequest } from './ledger/request'
import type { Sites } from './sites'

export type IssueForSite = ReturnType<typeof createIssueForSite>

/**
 * Issues numbers to those who may draw them: requests that name a site need one that is there. A retry gets its answer
 * whatever has become of the site since.
 *
 * @param timeoutMs how long it may take, if less than others may
 * @throws AppError `site_unknown`, `quota_exceeded`, and what the allocator throws
 */
export function createIssueForSite({
  sites,
  allocator,
  quotas,
}: {
  sites: Sites
  allocator: Pick<Allocator, 'findIssued'>
  quotas: Pick<Quotas, 'issue'>
}) {
  return async (request: IssueRequest, timeoutMs?: number): Promise<Issued> => {
    const { siteId, partitionId } = request
    try {
      if (siteId !== undefined && partitionId !== undefined) await sites.requireOpen(siteId, partitionId)
    } catch (error) {
      const before =
        error instanceof AppError && error.code === 'site_unknown' && (await allocator.findIssued(request))
      if (before) return before
      throw error
    }
    return quotas.issue(request, timeoutMs)
  }
}
