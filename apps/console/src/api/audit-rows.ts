import type { AuditFilter } from '@ordinal/client'
import { requireRole } from './allowed'
import { ordinal } from './ordinal'

const rowsAtOnce = 1_000

/**
 * The rows of the ledger that fit a filter as a file, the newest first. They are read as they are taken. They are no whole
 * chains: that is what the service's own export has.
 *
 * @throws NotAllowedError, ProblemError, ConnectionError
 */
export function rowsAsFile(
  filter: AuditFilter,
  format: 'ndjson' | 'csv',
  signal: AbortSignal,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = piecesOf(filter, format, signal)
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    cancel: async () => void (await pieces.return()),
  })
}

async function* piecesOf(
  filter: AuditFilter,
  format: 'ndjson' | 'csv',
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  requireRole('viewer')
  const { csvHeader, csvLine } = await import('@ordinal/audit/offline')
  if (format === 'csv') yield csvHeader
  let cursor: string | undefined
  do {
    const { data, pagination } = await ordinal().audit.page(
      { ...filter, cursor, page_size: rowsAtOnce },
      // The service looks for five seconds before it gives up.
      { signal, attemptTimeoutMs: 10_000 },
    )
    yield data.map((row) => (format === 'csv' ? csvLine(row) : `${JSON.stringify(row)}\n`)).join('')
    cursor = pagination.next_cursor ?? undefined
  } while (cursor !== undefined)
}
