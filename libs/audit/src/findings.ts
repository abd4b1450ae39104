/** What is wrong with a ledger. */
export type FindingKind =
  /** A column of a row has another value than it was written with. */
  | 'altered'
  /** A row, or a whole batch, is not there. */
  | 'missing'
  /** There is a row that nothing wrote. */
  | 'added'
  /** Two rows stand in each other's place, whole or in one column. */
  | 'swapped'
  /** The counter, or a checkpoint, is ahead of the last batch: the end of the ledger was cut off. */
  | 'tail_cut'
  /** The counter is behind its last batch, or is not there. */
  | 'counter_behind'
  /** All links fit each other, and not the head that the counter, or somebody else, has kept. */
  | 'rewritten'
  /** A step that was not allowed in the state in which the value was. */
  | 'illegal_step'
  /** What was derived from the ledger does not follow from it. */
  | 'derived'

/** One thing that does not fit, and where. */
export interface Finding {
  kind: FindingKind
  prefix: string
  period: string | null
  batch: number | null
  /** The row, in its batch; where only the batch can be told, the first that it may be. */
  position: number | null
  value: number | null
  number: string | null
  /** How many rows it may be, from that one on: 1 if it is told exactly. */
  rows: number | null
  column: string | null
  /** All of it in a sentence. */
  detail: string
}

const shown = 20

/** A list of the first findings, which counts the others. */
export function collectFindings() {
  const findings: Finding[] = []
  let count = 0
  return {
    /** A finding that is looked at later may be told better then: it is changed in place. */
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
