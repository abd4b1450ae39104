import { hash } from 'node:crypto'
import type { GapPolicy } from '../core/rules'
import type { Frame } from '../core/template'
import type { LedgerRequest } from './request'

// A JSON array of strings, integers and nulls as JSON.stringify writes it is canonical (RFC 8785), and unlike
// joined texts it cannot be read in two ways. The first field is the version of the format.

/** The SHA-256 of a request, as the chain has it (docs/decisions/0008): 32 bytes. */
export const requestDigest = (request: LedgerRequest): Buffer =>
  sha256([
    'ordinal-request-v1',
    request.event,
    request.caller,
    request.key,
    request.count,
    request.hold_seconds ?? null,
    request.client_id ?? null,
    request.generated_by ?? null,
    request.site_id ?? null,
    request.partition_id ?? null,
    request.invoice_type ?? null,
    request.business_date ?? null,
    request.reason ?? null,
    request.request_id,
  ])

/**
 * The SHA-256 of what all rows of a batch share: 32 bytes.
 *
 * @param frame null in a batch of later steps, where each number stays what it was
 */
export const batchHeader = (
  prefix: string,
  period: string,
  frame: Frame | null,
  rulesVersion: number,
  gapPolicy: GapPolicy,
): Buffer =>
  sha256([
    'ordinal-batch-v1',
    prefix,
    period,
    frame?.head ?? null,
    frame?.width ?? null,
    frame?.tail ?? null,
    rulesVersion,
    gapPolicy,
  ])

const sha256 = (fields: readonly (string | number | null)[]) =>
  hash('sha256', JSON.stringify(fields), 'buffer')
