import type { components, operations } from './generated/sequencer'
import { listOf } from './answer'
import { newKey } from './key'
import type { CallOptions, ChangeOptions } from './options'
import { piecesOf } from './files'
import { itemsOf, itemsOfPages, type Page, type Piece } from './pages'
import { path, type Content, type Send } from './send'
import type { Answer, Body, Item, PageQuery, Query } from './types'

export type IssuedNumber = components['schemas']['Number']
export type NumberWithHistory = Answer<operations['get_numbers_number']>
/** What goes on record with a number; with `hold_seconds` it is reserved, and then confirmed or released. */
export type NumberRequest = Omit<Body<operations['post_next_prefix']>, 'count'>
export type NumberRequestForEach = Body<operations['post_numbers_batch']>['requests'][number]
export type NumberResult = components['schemas']['NumberResult']
export type Sequence = Answer<operations['get_sequences_prefix']>
export type NewSequence = Body<operations['post_sequences']>
export type SequenceChange = Body<operations['put_sequences_prefix']>
export type LedgerEntry = components['schemas']['LedgerEntry']
export type AuditFilter = Omit<Query<operations['get_audit']>, 'after'>
export type ExportFilter = Query<operations['get_audit_export']>
export type Verification = components['schemas']['Verification']
export type Checkpoint = components['schemas']['Checkpoint']
export type Comparison = components['schemas']['Comparison']
export type ImportReport = components['schemas']['ImportReport']
export type ImportOptions = Query<operations['post_sequences_prefix_import']>
export type GapFilter = Query<operations['get_gaps_prefix']>
export type GapPage = Answer<operations['get_gaps_prefix']>
export type GapMap = components['schemas']['GapMap']
export type AuditPage = Answer<operations['get_audit']>
export type SequencePage = Answer<operations['get_sequences']>
export type SequencerDiagnostics = Answer<operations['get_diagnostics']>

/** The sequence of a number, for a text that several sequences have issued. */
type InSequence = Query<operations['get_numbers_number']>
export type Confirmation = Body<operations['post_numbers_number_confirm']> & InSequence
export type Release = Body<operations['post_numbers_number_release']> & InSequence
export type Voiding = Body<operations['post_numbers_number_void']> & InSequence

/** The sequencer: numbers, and the rules by which they are made. */
export const numbersOf = (send: Send) => ({
  /** Issues the next number of a sequence, or reserves it. */
  next: (prefix: string, request: NumberRequest = {}, options?: CallOptions) =>
    send<IssuedNumber>({ method: 'POST', path: path`/api/v1/next/${prefix}`, body: request }, options),

  /** Several numbers of one sequence at once: all or none. */
  nextBatch: async (prefix: string, count: number, request: NumberRequest = {}, options?: CallOptions) => {
    const body = { ...request, count }
    const answer = await send<IssuedNumber | { numbers: IssuedNumber[] }>(
      { method: 'POST', path: path`/api/v1/next/${prefix}`, body },
      options,
    )
    return 'numbers' in answer ? answer.numbers : [answer]
  },

  /** A number for each of several requests, with a result each: a number or a problem. Each gets a key if it has none. */
  nextForEach: async (
    requests: readonly NumberRequestForEach[],
    options?: Omit<CallOptions, 'idempotencyKey'>,
  ) => {
    const body = { requests: requests.map((one) => ({ idempotency_key: newKey(), ...one })) }
    const answer = await send<{ results: NumberResult[] }>(
      { method: 'POST', path: '/api/v1/numbers:batch', body, hasOwnKeys: true },
      options,
    )
    return listOf<NumberResult>(answer, 'results')
  },

  /** What `next` would give, without issuing it. */
  preview: (prefix: string, query: Query<operations['get_preview_prefix']> = {}, options?: CallOptions) =>
    send<Answer<operations['get_preview_prefix']>>(
      { method: 'GET', path: path`/api/v1/preview/${prefix}`, query },
      options,
    ),

  status: (prefix: string, query: Query<operations['get_status_prefix']> = {}, options?: CallOptions) =>
    send<Answer<operations['get_status_prefix']>>(
      { method: 'GET', path: path`/api/v1/status/${prefix}`, query },
      options,
    ),

  /** Values that no document has, with the reason. */
  gaps: (prefix: string, filter: GapFilter = {}, options?: CallOptions) =>
    itemsOf((cursor) =>
      send<Piece<Item<operations['get_gaps_prefix']>>>(
        { method: 'GET', path: path`/api/v1/gaps/${prefix}`, query: { ...filter, cursor } },
        options,
      ),
    ),

  /** One piece of the list, from a cursor on. */
  gapsPage: (prefix: string, filter: PageQuery<operations['get_gaps_prefix']> = {}, options?: CallOptions) =>
    send<GapPage>({ method: 'GET', path: path`/api/v1/gaps/${prefix}`, query: filter }, options),

  /** How many values of each stretch of a range are free, void or reserved. */
  gapMap: (prefix: string, query: Query<operations['get_gaps_prefix_map']> = {}, options?: CallOptions) =>
    send<GapMap>({ method: 'GET', path: path`/api/v1/gaps/${prefix}/map`, query }, options),

  /** A number with all that happened to it. */
  get: (number: string, sequence: InSequence = {}, options?: CallOptions) =>
    send<NumberWithHistory>(
      { method: 'GET', path: path`/api/v1/numbers/${number}`, query: sequence },
      options,
    ),

  /** Makes a reserved number an issued one. */
  confirm: (number: string, { prefix, ...body }: Confirmation = {}, options?: CallOptions) =>
    send<IssuedNumber>(
      { method: 'POST', path: path`/api/v1/numbers/${number}/confirm`, query: { prefix }, body },
      options,
    ),

  /** Gives a number back: it is issued again, or becomes void, as the rules of its sequence say. */
  release: (number: string, { prefix, ...body }: Release, options?: CallOptions) =>
    send<IssuedNumber>(
      { method: 'POST', path: path`/api/v1/numbers/${number}/release`, query: { prefix }, body },
      options,
    ),

  /** Makes a number void, for ever. For operators. */
  void: (number: string, { prefix, ...body }: Voiding, options?: CallOptions) =>
    send<IssuedNumber>(
      { method: 'POST', path: path`/api/v1/numbers/${number}/void`, query: { prefix }, body },
      options,
    ),
})

/** The rules of sequences. Administrators write them. */
export const sequencesOf = (send: Send) => ({
  list: (filter: Query<operations['get_sequences']> = {}, options?: CallOptions) =>
    itemsOfPages((page) =>
      send<Page<Item<operations['get_sequences']>>>(
        { method: 'GET', path: '/api/v1/sequences', query: { ...filter, page } },
        options,
      ),
    ),

  /** One page of the list, with the total. */
  page: (filter: PageQuery<operations['get_sequences']> = {}, options?: CallOptions) =>
    send<SequencePage>({ method: 'GET', path: '/api/v1/sequences', query: filter }, options),

  get: (prefix: string, options?: CallOptions) =>
    send<Sequence>({ method: 'GET', path: path`/api/v1/sequences/${prefix}` }, options),

  create: (sequence: NewSequence, options?: CallOptions) =>
    send<Answer<operations['post_sequences']>>(
      { method: 'POST', path: '/api/v1/sequences', body: sequence },
      options,
    ),

  /** A new version of the rules. */
  update: (prefix: string, change: SequenceChange, options?: ChangeOptions) =>
    send<Answer<operations['put_sequences_prefix']>>(
      { method: 'PUT', path: path`/api/v1/sequences/${prefix}`, body: change },
      options,
    ),

  /**
   * Takes over the numbers of another system. The file is opened for each attempt, since an import that was cut off goes on when the
   * whole file is sent again: what is there is only counted.
   *
   * @param file CSV (`text/csv`) or NDJSON (`application/x-ndjson`) of any length
   */
  import: (prefix: string, file: Content, query: ImportOptions = {}, options?: CallOptions) =>
    send<ImportReport>(
      {
        method: 'POST',
        path: path`/api/v1/sequences/${prefix}/import`,
        query,
        content: file,
        hasOwnKeys: true,
      },
      { attemptTimeoutMs: dayMs, timeoutMs: dayMs, ...options },
    ),

  closePeriod: (prefix: string, period: string, request: { reason: string }, options?: CallOptions) =>
    send<components['schemas']['ClosedPeriod']>(
      { method: 'POST', path: path`/api/v1/sequences/${prefix}/periods/${period}/close`, body: request },
      options,
    ),
})

// A file may be of any length; the service ends what makes no progress.
const dayMs = 24 * 60 * 60 * 1000
const files = ['application/x-ndjson', 'text/csv']

/** What an auditor asks for. For viewers. */
export const auditOf = (send: Send) => ({
  /** What happened to numbers, the newest first. */
  list: (filter: AuditFilter = {}, options?: CallOptions) =>
    itemsOf((cursor) =>
      send<Piece<LedgerEntry>>(
        { method: 'GET', path: '/api/v1/audit', query: { ...filter, cursor } },
        options,
      ),
    ),

  /** One piece of the list: from a cursor on, or with `after` of the change feed, whose oldest comes first. */
  page: (filter: PageQuery<operations['get_audit']> = {}, options?: CallOptions) =>
    send<AuditPage>({ method: 'GET', path: '/api/v1/audit', query: filter }, options),

  /**
   * The ledger as a file, in pieces as they arrive: `for await (const piece of audit.export())`. It is of the moment in which it
   * begins, so one that was cut off (ConnectionError) can only begin again.
   */
  async *export(
    filter: ExportFilter = {},
    options?: CallOptions,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const body = await send<ReadableStream<Uint8Array>>(
      { method: 'GET', path: '/api/v1/audit/export', query: filter, streams: files },
      { attemptTimeoutMs: 60_000, timeoutMs: 120_000, ...options },
    )
    yield* piecesOf(body, options?.signal)
  },

  /** Recomputes the proofs of the ledger. For a long ledger that takes minutes: ten are allowed if not given. */
  verify: (filter: Query<operations['get_audit_verify']> = {}, options?: CallOptions) =>
    send<Verification>(
      { method: 'GET', path: '/api/v1/audit/verify', query: filter },
      { attemptTimeoutMs: 600_000, timeoutMs: 600_000, retries: 0, ...options },
    ),

  /** The state of the ledger, signed, to be kept elsewhere. */
  checkpoint: (query: Query<operations['get_audit_checkpoints']> = {}, options?: CallOptions) =>
    send<Checkpoint>({ method: 'GET', path: '/api/v1/audit/checkpoints', query }, options),

  /** Compares the ledger with a checkpoint that was kept: one that was rewritten does not match. */
  compare: (checkpoint: string, options?: CallOptions) =>
    send<Comparison>(
      { method: 'POST', path: '/api/v1/audit/verify', body: { checkpoint }, hasOwnKeys: true },
      options,
    ),
})
