import type { Checkpoint } from './checkpoint'
import { compareCheckpoint, type Scope } from './compare-checkpoint'
import { cutChain } from './cut-chain'
import { nameOfCounter, nowhere } from './faults'
import { createFeedOrder } from './feed-order'
import type { Findings } from './findings'
import type { BatchRecord, CounterRecord } from './records'
import { notAfter } from './time'
import { createChainVerifier } from './verify-chain'
import type { Register } from './verify-register'
import type { Step } from './wrong-rows'

export interface LedgerToVerify {
  /** When the ledger was read. */
  at: string
  scope: Scope
  checkpoints?: readonly Checkpoint[]
  /** Undefined if it is not known: then batches are not compared with the rules. */
  register?: Register | undefined
}

/**
 * Verifies a ledger, counter by counter: the same for one in its database as for an export. Counters come in the order
 * of prefix and period.
 */
export function createLedgerVerifier(
  { at, scope, checkpoints = [], register }: LedgerToVerify,
  findings: Findings,
) {
  const order = createFeedOrder(findings)
  const latestPossible = notAfter(at)
  const comparisons = checkpoints.map((checkpoint) => compareCheckpoint(checkpoint, scope, findings))

  function counter(record: CounterRecord) {
    const chain = createChainVerifier(record, record.exists === false ? null : record, findings)
    const cuts = cutChain(record, comparisons)
    const rules = register && checkRules(record, register, findings)
    return {
      /** Takes the next batch, with its rows in the order of their positions. */
      add(batch: BatchRecord, steps: readonly Step[]): void {
        chain.add(batch, steps)
        cuts.add(batch)
        order.add(batch)
        rules?.add(batch, steps)
        if (batch.at > latestPossible)
          findings.report({
            ...nowhere,
            kind: 'altered',
            prefix: batch.prefix,
            period: batch.period,
            batch: batch.batch,
            column: 'at',
            detail: `batch ${batch.batch} is dated ${batch.at}, and the ledger was read before that, at ${at}`,
          })
      },
      /** Takes a row whose batch is not there. */
      stray: (row: Parameters<typeof chain.stray>[0]) => chain.stray(row),
      end(): void {
        chain.end()
        cuts.end()
      },
    }
  }

  return {
    counter,
    end(): void {
      order.end()
      for (const comparison of comparisons) comparison.end()
    },
    /** How many heads of checkpoints were compared, and how many are not in what was read. */
    heads: () => ({
      compared: comparisons.reduce((sum, { counts }) => sum + counts.compared, 0),
      outside: comparisons.reduce((sum, { counts }) => sum + counts.outside, 0),
    }),
  }
}

/** Whether the batches of a counter follow the rules that they name. One finding of each kind is enough for a counter. */
function checkRules(
  { prefix, period, first_value, after_batch }: CounterRecord,
  register: Register,
  { report }: Pick<Findings, 'report'>,
) {
  const told = new Set<string>()
  const found = (batch: BatchRecord, column: string, detail: string) => {
    if (told.has(column)) return
    told.add(column)
    report({
      ...nowhere,
      kind: column === 'at' ? 'backdated' : 'altered',
      prefix,
      period,
      batch: batch.batch,
      column,
      detail: `batch ${batch.batch} of ${nameOfCounter(prefix, period)} ${detail}`,
    })
  }

  return {
    add(batch: BatchRecord, steps: readonly Step[]): void {
      const version = batch.rules_version
      const rules = register.rulesOf(prefix, version)
      if (!rules) {
        found(batch, 'rules_version', `follows version ${version} of the rules, which there is not`)
        return
      }
      if (rules.gap_policy !== batch.gap_policy)
        found(batch, 'gap_policy', `has ${batch.gap_policy}, and its rules ${rules.gap_policy}`)
      if (batch.at < rules.settledBefore)
        found(
          batch,
          'at',
          `is dated ${batch.at}, and its rules were made at ${rules.from}: it was dated back`,
        )
      const next = register.rulesOf(prefix, version + 1)
      if (next && batch.at > next.notAfter)
        found(
          batch,
          'rules_version',
          `follows version ${version} of the rules, and another was made before it`,
        )
      const takesOver = steps.some(({ event }) => event === 'import' || event === 'skip')
      if (after_batch === 0 && batch.batch === 1 && first_value < rules.start && !takesOver)
        found(batch, 'first_value', `begins at ${first_value}, and its rules at ${rules.start}`)
    },
  }
}
