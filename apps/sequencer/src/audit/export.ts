import type { Pool } from 'pg'
import { csvHeader, csvLine, type EndRecord, type ExportRecord, type StrayRecord } from '@ordinal/audit'
import { transaction } from '@ordinal/database'
import { readChain, readStrays } from './queries/chains'
import { partOf, readChainEnds, readTime, type Chosen } from './queries/counters'
import { readRegister } from './queries/register'

export const exportFormats = ['ndjson', 'csv'] as const
export type ExportFormat = (typeof exportFormats)[number]

export interface ExportRequest extends Chosen {
  from?: Date | undefined
  to?: Date | undefined
  /** Of CSV: whether a byte order mark precedes it, by which spreadsheets know UTF-8. */
  bom?: boolean | undefined
}

/**
 * The ledger as it is now, counter by counter in the order of their chains, as pieces of a text. It is read as the
 * pieces are taken; between two of them nothing is held.
 */
export function exportLedger(
  pool: Pool,
  format: ExportFormat,
  request: ExportRequest,
): AsyncGenerator<string> {
  return format === 'csv' ? exportCsv(pool, request) : exportNdjson(pool, request)
}

async function* exportNdjson(pool: Pool, request: ExportRequest) {
  const line = (record: object) => `${JSON.stringify(record)}\n`
  const { at, register, chains } = await begin(pool, request)
  const head: ExportRecord = {
    type: 'export',
    format: 'ordinal-export-v2',
    at,
    prefix: request.prefix ?? null,
    period: request.period ?? null,
    from: request.from?.toISOString() ?? null,
    to: request.to?.toISOString() ?? null,
  }
  yield line(head)
  const lines = [...register.entries, ...register.rows]
  yield lines.map(line).join('')
  const end: EndRecord = { type: 'end', register: lines.length, counters: 0, batches: 0, entries: 0 }
  for (const { record: whole, hasStrays } of chains) {
    const chain = await partOf(pool, whole, request)
    if (!chain) continue
    yield line(chain)
    end.counters += 1
    for await (const piece of readChain(pool, chain)) {
      yield piece.map(({ batch, rows }) => line(batch) + rows.map(line).join('')).join('')
      end.batches += piece.length
      end.entries += piece.reduce((sum, { rows }) => sum + rows.length, 0)
    }
    if (!hasStrays) continue
    const strays = await readStrays(pool, whole)
    yield strays.map((row) => line({ ...row, type: 'stray' } satisfies StrayRecord)).join('')
    end.entries += strays.length
  }
  yield line(end)
}

async function* exportCsv(pool: Pool, request: ExportRequest) {
  const { chains } = await begin(pool, request)
  yield `${request.bom ? '\uFEFF' : ''}${csvHeader}`
  for (const { record: whole } of chains) {
    const chain = await partOf(pool, whole, request)
    if (!chain) continue
    for await (const piece of readChain(pool, chain))
      yield piece
        .flatMap(({ rows }) => rows)
        .map(csvLine)
        .join('')
  }
}

/** The chains at one moment: what is issued later is not in the export. */
const begin = (pool: Pool, chosen: Chosen) =>
  transaction(pool, async (tx) => {
    const chains = await readChainEnds(tx, chosen)
    return { chains, register: await readRegister(tx), at: await readTime(tx) }
  })
