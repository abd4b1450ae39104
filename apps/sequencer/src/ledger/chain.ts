import { hash } from 'node:crypto'
import type { Frame } from '../core/template'

/** What the hash chain holds of one request; the order of the fields is part of the format. */
export interface ChainedRequest {
  caller: string
  key: string
  count: number
  client_id?: string | undefined
  generated_by?: string | undefined
  business_date?: string | undefined
  request_id: string
}

// A JSON array of strings, integers and nulls as JSON.stringify writes it is canonical (RFC 8785), and unlike
// joined texts it cannot be read in two ways. The first field is the version of the format.

/** The SHA-256 of a request, as the chain has it (docs/decisions/0008): 32 bytes. */
export const requestDigest = (request: ChainedRequest): Buffer =>
  sha256([
    'ordinal-request-v1',
    request.caller,
    request.key,
    request.count,
    request.client_id ?? null,
    request.generated_by ?? null,
    null, // site_id
    null, // partition_id
    null, // invoice_type
    request.business_date ?? null,
    null, // reason
    request.request_id,
  ])

/** The SHA-256 of what all numbers of a batch share: 32 bytes. */
export const batchHeader = (
  prefix: string,
  period: string,
  { head, width, tail }: Frame,
  rulesVersion: number,
): Buffer => sha256(['ordinal-batch-v1', prefix, period, head, width, tail, rulesVersion])

const sha256 = (fields: readonly (string | number | null)[]) =>
  hash('sha256', JSON.stringify(fields), 'buffer')
