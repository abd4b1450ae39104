/** What is wrong with a ledger. */
export const findingKinds = [
  /** A column of a row has another value than it was written with. */
  'altered',
  /** A row, or a whole batch, is not there. */
  'missing',
  /** There is a row that nothing wrote. */
  'added',
  /** Two rows stand in each other's place, whole or in one column. */
  'swapped',
  /** The counter, or a checkpoint, is ahead of the last batch: the end of the ledger was cut off. */
  'tail_cut',
  /** The counter is behind its last batch, or is not there. */
  'counter_behind',
  /** All links fit each other, and not the head that the counter, or somebody else, has kept. */
  'rewritten',
  /** The time is earlier than that of what was written before, or than that of a checkpoint that does not have it. */
  'backdated',
  /** A step that was not allowed in the state in which the value was. */
  'illegal_step',
  /** Two sequences, or two periods of one, gave the same number. */
  'given_twice',
  /** What was derived from the ledger does not follow from it. */
  'derived',
  /** A function, trigger, constraint, index, column or grant of the database is not that of the build. */
  'schema',
] as const
export type FindingKind = (typeof findingKinds)[number]

/** One thing that does not fit, and where. */
export interface Finding {
  kind: FindingKind
  /** Null of what is of no sequence: a site, or the database's schema. */
  prefix: string | null
  period: string | null
  batch: number | null
  /** The row, in its batch; where only the batch can be told, the first that it may be. */
  position: number | null
  value: number | null
  number: string | null
  /** How many rows the fault may lie in, from that one on: 1 if the row is certain. */
  rows: number | null
  column: string | null
  /** What the finding is about if it is no counter: `rules SG version 2`, `function issue_numbers`. */
  object: string | null
  /** The finding in a sentence. */
  detail: string
}

const shown = 20

/** A list of the first findings, which counts the others. */
export function collectFindings() {
  const findings: Finding[] = []
  let count = 0
  return {
    /** Returns the finding: a later batch may explain it better, and then it is changed in place. */
    report(finding: Finding): Finding {
      count += 1
      if (findings.length < shown) findings.push(finding)
      return finding
    },
    findings,
    count: () => count,
  }
}

export type Findings = ReturnType<typeof collectFindings>
