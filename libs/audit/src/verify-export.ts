import type { Checkpoint } from './checkpoint'
import { rememberSteps } from './earlier-steps'
import { collectFindings, type Finding } from './findings'
import type {
  BatchRecord,
  CounterRecord,
  EndRecord,
  EntryRecord,
  ExportRecord,
  RegisteredRecord,
  RegisterRecord,
  StrayRecord,
} from './records'
import { createLedgerVerifier } from './verify-ledger'
import { verifyRegister } from './verify-register'

/** What became of the verification of an export. */
export interface ExportReport {
  fits: boolean
  export: ExportRecord
  counters: number
  batches: number
  rows: number
  /** How many heads of checkpoints were compared, and how many lie outside of what was exported. */
  heads: { compared: number; outside: number }
  finding_count: number
  findings: Finding[]
}

/** A file that is no export, or not a whole one. */
export class ExportError extends Error {
  override readonly name = 'ExportError'
}

type Line =
  | ExportRecord
  | RegisterRecord
  | RegisteredRecord
  | CounterRecord
  | BatchRecord
  | EntryRecord
  | StrayRecord
  | EndRecord

const lineTypes = ['export', 'register', 'registered', 'counter', 'batch', 'entry', 'stray', 'end']

/**
 * Verifies an export, line by line, with nothing but itself and what checkpoints have kept.
 *
 * @param lines of an export as NDJSON
 * @throws ExportError if it is none, or was cut off
 */
export async function verifyExport(
  lines: AsyncIterable<string>,
  checkpoints: readonly Checkpoint[] = [],
): Promise<ExportReport> {
  const findings = collectFindings()
  const register: RegisterRecord[] = []
  const registered: RegisteredRecord[] = []
  let first: ExportRecord | undefined
  let end: EndRecord | undefined
  let ledger: ReturnType<typeof createLedgerVerifier> | undefined
  let counter: ReturnType<typeof startCounter> | undefined
  let lastCounter: CounterRecord | undefined
  const counted = { register: 0, counters: 0, batches: 0, entries: 0 }

  /** All of the register is before the first counter. */
  function beginLedger({ at, format, prefix, period, from, to }: ExportRecord) {
    const scope = { prefix, period, whole: from === null && to === null }
    const verified = verifyRegister({ at, entries: register, rows: registered, checkpoints }, findings)
    const hasRegister = format !== 'ordinal-export-v1'
    return createLedgerVerifier(
      { at, scope, checkpoints, register: hasRegister ? verified : undefined },
      findings,
    )
  }

  function startCounter(record: CounterRecord) {
    ledger ??= beginLedger(first!)
    const verifier = ledger.counter(record)
    const memory = rememberSteps(record.after_batch === 0)
    let batch: BatchRecord | undefined
    let entries: EntryRecord[] = []
    const finishBatch = () => {
      if (batch) verifier.add(batch, memory.stepsOf(batch, entries))
      batch = undefined
      entries = []
    }
    return {
      begin(next: BatchRecord) {
        finishBatch()
        batch = next
      },
      entry(entry: EntryRecord) {
        if (!batch) throw new ExportError(`line ${number}: a row without a batch`)
        entries.push(entry)
      },
      stray: (row: StrayRecord) => verifier.stray(row),
      end() {
        finishBatch()
        verifier.end()
      },
    }
  }

  let number = 0
  for await (const text of lines) {
    number += 1
    if (text === '') continue
    const line = parseLine(text, number)
    if (end) throw new ExportError(`line ${number}: there is more after the end`)
    if (!first && line.type !== 'export') throw new ExportError('the first line is not that of an export')
    if (line.type === 'export') {
      if (first) throw new ExportError(`line ${number}: an export begins once`)
      requireFormat(line)
      first = line
    } else if (line.type === 'register' || line.type === 'registered') {
      if (ledger) throw new ExportError(`line ${number}: the register comes before the counters`)
      if (first!.format === 'ordinal-export-v1')
        throw new ExportError(`line ${number}: an export of the first format has no register`)
      if (line.type === 'register') register.push(line)
      else registered.push(line)
      counted.register += 1
    } else if (line.type === 'counter') {
      counter?.end()
      requireChosen(first!, line)
      requireWhole(first!, line)
      requireOrder(lastCounter, line)
      lastCounter = line
      counter = startCounter(line)
      counted.counters += 1
    } else if (line.type === 'batch') {
      if (!counter) throw new ExportError(`line ${number}: a batch without a counter`)
      counter.begin(line)
      counted.batches += 1
    } else if (line.type === 'entry' || line.type === 'stray') {
      if (!counter) throw new ExportError(`line ${number}: a row without a counter`)
      if (line.type === 'stray') counter.stray(line)
      else counter.entry(line)
      counted.entries += 1
    } else end = line
  }
  if (!first) throw new ExportError('the file is empty')
  if (!end) throw new ExportError('the last line is missing: the export was cut off')
  counter?.end()
  ledger ??= beginLedger(first)
  ledger.end()
  for (const name of ['register', 'counters', 'batches', 'entries'] as const)
    if ((end[name] ?? counted[name]) !== counted[name])
      throw new ExportError(
        `the export says that it has ${end[name]} ${names[name]}, and has ${counted[name]}`,
      )
  return {
    fits: findings.count() === 0,
    export: first,
    counters: counted.counters,
    batches: counted.batches,
    rows: counted.entries,
    heads: ledger.heads(),
    finding_count: findings.count(),
    findings: findings.findings,
  }
}

const names = {
  register: 'lines of the register',
  counters: 'counters',
  batches: 'batches',
  entries: 'entries',
}

/** Each counter is there once, in the order in which a checkpoint's tree has them. */
function requireOrder(last: CounterRecord | undefined, next: CounterRecord): void {
  if (last && (last.prefix > next.prefix || (last.prefix === next.prefix && last.period >= next.period)))
    throw new ExportError(`the counter ${next.prefix} ${next.period} is out of order, or there twice`)
}

function requireFormat({ format }: ExportRecord): void {
  if (format !== 'ordinal-export-v1' && format !== 'ordinal-export-v2')
    throw new ExportError(`the format ${String(format)} is not known`)
}

function requireChosen(chosen: ExportRecord, { prefix, period }: CounterRecord): void {
  if ((chosen.prefix ?? prefix) !== prefix || (chosen.period ?? period) !== period)
    throw new ExportError(`the counter ${prefix} ${period} is not of what the export says it has`)
}

/** An export of all times has chains from their first batch to their last. */
function requireWhole(
  { from, to }: ExportRecord,
  { prefix, period, batch, after_batch, through_batch }: CounterRecord,
) {
  if (after_batch < 0 || (from === null && after_batch > 0) || (to === null && through_batch < batch))
    throw new ExportError(
      `the export has only a part of the chain of ${prefix} ${period}, and does not say why`,
    )
}

function parseLine(text: string, number: number): Line {
  try {
    const line = JSON.parse(text) as Line
    if (lineTypes.includes(line.type)) return line
  } catch {
    // Told below.
  }
  throw new ExportError(`line ${number} is not one of an export: ${text.slice(0, 80)}`)
}
