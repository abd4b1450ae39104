import { leafOfHead, type Checkpoint, type Head } from './checkpoint'
import { isReadBefore, nameOfCounter, nowhere, whatTells, whyGone } from './faults'
import type { Finding, Findings } from './findings'
import { createTree } from './merkle'
import type { BatchRecord } from './records'
import { settledBefore } from './time'

/** Where a chain is cut by a checkpoint. */
export interface Cut {
  prefix: string
  period: string
  /** The last batch that the checkpoint can have, null if there is none; undefined if that cannot be told. */
  last: Pick<BatchRecord, 'batch' | 'hash'> | null | undefined
  /** The batch that comes next. */
  next: Pick<BatchRecord, 'batch' | 'at'> | null
}

/** What is compared with a checkpoint: all of the ledger, or the part that was chosen. */
export interface Scope {
  prefix: string | null
  period: string | null
  /** Whether the chains are read from their first batch to their last. */
  whole: boolean
  /** When it was read, if that may be before the checkpoint. */
  readAt?: string
}

/** How far a checkpoint reaches into a chain: it has the batches for which all of this holds. */
export interface Reach {
  throughBatch: number
  belowFeed: number
  notAfter: string
}

export type Comparison = ReturnType<typeof compareCheckpoint>

/**
 * Compares a checkpoint with the ledger, counter by counter, in the order of prefix and period. Each chain is cut where
 * it was at the checkpoint: at the batch that its head names; where only a root is kept, at the last batch below its
 * place in the feed and not after its time.
 *
 * @param named heads that were kept apart, which must give the root
 * @throws RangeError if they do not
 */
export function compareCheckpoint(
  checkpoint: Checkpoint,
  scope: Scope,
  { report }: Pick<Findings, 'report'>,
  named?: readonly Head[],
) {
  const { at } = checkpoint
  const settled = settledBefore(at)
  const tree = checkpoint.type === 'ordinal-checkpoint-v2' ? checkpoint : undefined
  if (named && tree) requireRoot(named, tree.root)
  const heads = named ?? checkpoint.heads
  const byName = heads && new Map(heads.map((head) => [keyOf(head), head]))
  const seen = new Set<string>()
  const computed = createTree()
  const counts = { compared: 0, outside: 0 }

  const isOf = (
    chosen: Pick<Scope, 'prefix' | 'period'>,
    { prefix, period }: { prefix: string; period: string },
  ) =>
    (chosen.prefix === null || chosen.prefix === prefix) &&
    (chosen.period === null || chosen.period === period)
  const isComplete =
    scope.whole && (!tree || (isWithin(tree.prefix, scope.prefix) && isWithin(tree.period, scope.period)))
  const found = (finding: Pick<Finding, 'kind' | 'detail'> & Partial<Finding>) =>
    report({ ...nowhere, ...finding })

  /** How far the checkpoint reaches into a chain; undefined if it does not cover the counter. */
  function reachInto(counter: { prefix: string; period: string }): Reach | undefined {
    if (tree && !isOf(tree, counter)) return undefined
    const head = byName?.get(keyOf(counter))
    if (byName)
      return head || tree ? { throughBatch: head?.batch ?? 0, belowFeed: Infinity, notAfter: '~' } : undefined
    return isComplete ? { throughBatch: Infinity, belowFeed: tree!.feed, notAfter: at } : undefined
  }

  function counter({ prefix, period, last, next }: Cut): void {
    const name = nameOfCounter(prefix, period)
    const head = byName?.get(keyOf({ prefix, period }))
    seen.add(keyOf({ prefix, period }))
    if (last === undefined) {
      counts.outside += 1
      return
    }
    if (head && head.batch > 0) {
      counts.compared += 1
      const finding = compareHead(head, at, last?.batch === head.batch ? last.hash : null, scope.readAt)
      if (finding) found(finding)
    } else if (!byName && last) {
      counts.compared += 1
      computed.add(leafOfHead({ prefix, period, batch: last.batch, head: last.hash }))
    }
    if (next && next.at < settled)
      found({
        kind: 'backdated',
        prefix,
        period,
        batch: next.batch,
        column: 'at',
        detail:
          `batch ${next.batch} of ${name} is dated ${next.at}, and a checkpoint of ${at} has ` +
          `${head || last ? 'the batches before it' : 'no such counter'}: it was written later, and dated back`,
      })
  }

  function end(): void {
    for (const head of heads ?? []) {
      if (seen.has(keyOf(head)) || head.batch === 0) continue
      if (!isOf(scope, head) || !scope.whole) counts.outside += 1
      else {
        counts.compared += 1
        found(compareHead(head, at, null, scope.readAt)!)
      }
    }
    if (!tree || byName || computed.root() === tree.root) return
    if (!isComplete) counts.outside += tree.counters
    else found(otherRoot(tree, computed.leaves(), scope.readAt))
  }

  return { reachInto, counter, end, counts }
}

const isWithin = (part: string | null, whole: string | null) => whole === null || part === whole

const otherRoot = (
  { at, counters }: { at: string; counters: number },
  now: number,
  readAt: string | undefined,
) => ({
  kind: (now < counters ? 'missing' : now > counters ? 'added' : 'rewritten') as Finding['kind'],
  detail:
    `the ledger up to ${at} is not what the checkpoint has kept: it had ${counters} counters then, and has ${now} of ` +
    'that time now, or other batches in them. The heads of the checkpoint, if they were kept, show which' +
    (isReadBefore(at, readAt) ? `. It was read before that, at ${readAt}. ${whatTells}` : ''),
})

function requireRoot(heads: readonly Head[], root: string): void {
  const tree = createTree()
  for (const head of heads) tree.add(leafOfHead(head))
  if (tree.root() !== root)
    throw new RangeError('the heads are not those of the checkpoint: they give another root')
}

const keyOf = ({ prefix, period }: { prefix: string; period: string }) => `${prefix}\n${period}`

/** Compares what a checkpoint has kept of a chain; undefined if it fits. `hash` is null if there is no such batch. */
function compareHead(
  { prefix, period, batch, head }: Head,
  at: string,
  hash: string | null,
  readAt: string | undefined,
) {
  if (hash === head) return undefined
  const counter = nameOfCounter(prefix, period)
  return {
    kind: (hash === null ? 'tail_cut' : 'rewritten') as Finding['kind'],
    prefix,
    period,
    batch,
    detail:
      hash === null
        ? `${counter} had a batch ${batch} at ${at}, ${whyGone(at, readAt, 'the end of the ledger')}`
        : `batch ${batch} of ${counter}, or one before it, was rewritten since ${at}: its hash was another then`,
  }
}
