import type { Checkpoint } from './checkpoint'
import { compareCheckpoint, type Scope } from './compare-checkpoint'
import { cutChain } from './cut-chain'
import { nowhere } from './faults'
import { createFeedOrder } from './feed-order'
import { checkRules } from './follow-rules'
import { createGivenTexts } from './given-texts'
import type { Findings } from './findings'
import type { BatchRecord, CounterRecord } from './records'
import { notAfter } from './time'
import type { Register } from './register'
import { createChainVerifier, type StrayRow } from './verify-chain'
import type { Step } from './wrong-rows'

interface LedgerToVerify {
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
  const texts = createGivenTexts(register, findings)
  const latestPossible = notAfter(at)
  const comparisons = checkpoints.map((checkpoint) =>
    compareCheckpoint(checkpoint, { ...scope, readAt: at }, findings),
  )

  function counter(record: CounterRecord) {
    const chain = createChainVerifier(record, record.exists === false ? null : record, findings)
    const cuts = cutChain(record, comparisons)
    const rules = register && checkRules(record, register, findings)
    const given = texts.counter()
    return {
      /** Takes the next batch, with its rows in the order of their positions. */
      add(batch: BatchRecord, steps: readonly Step[]): void {
        const before = findings.count()
        chain.add(batch, steps)
        cuts.add(batch)
        order.add(batch)
        given.add(batch, steps)
        // A fault that is reported already may make the batch differ from its rules as well.
        if (findings.count() === before) rules?.add(batch, steps)
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
      /** Takes a row whose batch does not exist. */
      stray: (row: StrayRow) => chain.stray(row),
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
      texts.end()
      for (const comparison of comparisons) comparison.end()
    },
    /** How many heads of checkpoints were compared, and how many are not in what was read. */
    heads: () => ({
      compared: comparisons.reduce((sum, { counts }) => sum + counts.compared, 0),
      outside: comparisons.reduce((sum, { counts }) => sum + counts.outside, 0),
    }),
  }
}
