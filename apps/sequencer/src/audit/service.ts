import { Readable } from 'node:stream'
import type { Head } from '@ordinal/audit'
import { AppError } from '../domain/errors'
import type { Logger } from '@ordinal/logging'
import type { Pool } from 'pg'
import type { Checkpoints } from './checkpoints'
import { exportLedger, type ExportFormat, type ExportRequest } from './export'
import { requireChosen } from './queries/chosen'
import type { Chosen } from './queries/counters'
import { listEntries, readFeed, type EntryFilter, type FedEntry, type FeedPlace } from './queries/feed'
import type { BuildSchema } from './schema'
import { createShare } from './share'
import { verifyLedger, type VerifyReport, type VerifyRequest } from './verify'

// Each reads as fast as its client does, on the connections of heavy reads.
const maxExports = 4
const mostOfClient = maxExports / 2

interface Deps {
  pool: Pool
  checkpoints: Checkpoints
  /** The schema that the database must have; undefined if it is not known. */
  schema: BuildSchema | undefined
  log: Logger
}

export type AuditService = ReturnType<typeof createAuditService>

/** The ledger for auditors: its rows, and whether they are what was written. */
export function createAuditService({ pool, checkpoints, schema, log }: Deps) {
  let exporting = 0
  const share = createShare('exports', mostOfClient)
  let verifying = false
  let signedAt: Date | undefined

  return {
    /**
     * Rows, the newest first.
     *
     * @param before goes on before this place
     * @throws AppError `search_too_long`
     */
    list: (filter: EntryFilter, before: FeedPlace | undefined, limit: number): Promise<FedEntry[]> =>
      listEntries(pool, filter, before, limit),

    /** Rows after a place, in the order that is the same for every caller. */
    feed: (after: FeedPlace, limit: number): Promise<FedEntry[]> => readFeed(pool, after, limit),

    /**
     * The ledger as a text, which is made as it is read.
     *
     * @param client who asks for it
     * @throws AppError `sequence_not_found`, `exports_under_way`, `too_many_open`
     */
    async openExport(format: ExportFormat, request: ExportRequest, client: string): Promise<Readable> {
      await requireChosen(pool, request)
      share.require(client)
      if (exporting >= maxExports) {
        const detail = `This instance makes ${exporting} exports already`
        throw new AppError('exports_under_way', detail, { retryAfterSeconds: 10 })
      }
      exporting += 1
      const leave = share.take(client)
      const pieces = Readable.from(exportLedger(pool, format, request), { objectMode: false })
      // However it ends: at its end, by a failure, or by its client.
      return pieces.once('close', () => {
        exporting -= 1
        leave()
      })
    },

    /**
     * Verifies the ledger, one verification at a time.
     *
     * @throws AppError `sequence_not_found`, `verification_under_way`; the signal's reason, when it aborts
     */
    async verify(request: VerifyRequest, signal: AbortSignal): Promise<VerifyReport> {
      await requireChosen(pool, request)
      if (verifying) {
        const detail = 'This instance is already verifying the ledger; try again when it has finished'
        throw new AppError('verification_under_way', detail, { retryAfterSeconds: 10 })
      }
      verifying = true
      const verified = await verifyLedger(pool, schema, request, signal).finally(() => {
        verifying = false
      })
      if (!verified.fits) log.error('the ledger is not what was written', { first: verified.findings[0] })
      return verified
    },

    /**
     * Whether the ledger still has what a checkpoint has kept; a difference is logged.
     *
     * @param heads all heads of the checkpoint, if they were kept
     * @throws AppError `checkpoint_invalid`, `signing_key_missing`
     */
    async compare(signed: string, heads?: readonly Head[]) {
      const compared = await checkpoints.compare(signed, heads)
      const [first] = compared.findings
      if (first) log.error('the ledger is not what a checkpoint has kept', { first })
      return { ...compared, fits: first === undefined }
    },

    /**
     * Signs the state of the ledger, or of a part of it.
     *
     * @throws AppError `sequence_not_found`, `signing_key_missing`
     */
    async sign(chosen: Chosen) {
      await requireChosen(pool, chosen)
      const signed = await checkpoints.sign(chosen)
      signedAt = new Date()
      return signed
    },

    /** When somebody last had a checkpoint. */
    signedAt: () => signedAt,

    /** The public keys that verify checkpoints, as JWKs; none if nothing is signed. */
    keys: checkpoints.keys,
  }
}
