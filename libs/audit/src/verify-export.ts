import { compareHead } from './compare-head'
import type { Checkpoint, Head } from './checkpoint'
import { rememberSteps } from './earlier-steps'
import { collectFindings, type Finding } from './findings'
import type { BatchRecord, CounterRecord, EndRecord, EntryRecord, ExportRecord } from './records'
import { createChainVerifier } from './verify-chain'

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

type Line = ExportRecord | CounterRecord | BatchRecord | EntryRecord | EndRecord

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
  const collected = collectFindings()
  const heads = headsOf(checkpoints)
  let first: ExportRecord | undefined
  let end: EndRecord | undefined
  let counter: ReturnType<typeof startCounter> | undefined
  const counted = { counters: 0, batches: 0, entries: 0 }
  let compared = 0

  function startCounter(record: CounterRecord) {
    const verifier = createChainVerifier(record, record, collected)
    const memory = rememberSteps(record.after_batch === 0)
    const kept = heads.get(keyOf(record)) ?? []
    let batch: BatchRecord | undefined
    let entries: EntryRecord[] = []
    const finishBatch = () => {
      if (!batch) return
      verifier.add(batch, memory.stepsOf(batch, entries))
      const { hash } = batch
      for (const head of kept) if (head.batch === batch.batch) compare(head, hash)
      batch = undefined
      entries = []
    }
    const compare = (head: KeptHead, hash: string | null) => {
      compared += 1
      head.compared = true
      const finding = compareHead(head, head.at, hash)
      if (finding) collected.report(finding)
    }
    return {
      begin(next: BatchRecord) {
        finishBatch()
        batch = next
      },
      entry: (entry: EntryRecord) => entries.push(entry),
      end() {
        finishBatch()
        verifier.end()
        // It goes up to where the counter is, so a later batch that somebody has seen was cut off.
        if (record.through_batch >= record.batch)
          for (const head of kept)
            if (!head.compared && head.batch > record.through_batch) compare(head, null)
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
    if (line.type === 'export') first = line
    else if (line.type === 'counter') {
      counter?.end()
      requireWhole(first!, line)
      counter = startCounter(line)
      counted.counters += 1
    } else if (line.type === 'batch') {
      if (!counter) throw new ExportError(`line ${number}: a batch without a counter`)
      counter.begin(line)
      counted.batches += 1
    } else if (line.type === 'entry') {
      if (!counter) throw new ExportError(`line ${number}: a row without a counter`)
      counter.entry(line)
      counted.entries += 1
    } else end = line
  }
  if (!first) throw new ExportError('the file is empty')
  if (!end) throw new ExportError('the last line is missing: the export was cut off')
  counter?.end()
  for (const name of ['counters', 'batches', 'entries'] as const)
    if (end[name] !== counted[name])
      throw new ExportError(`the export says that it has ${end[name]} ${name}, and has ${counted[name]}`)

  const kept = [...heads.values()].flat()
  if (first.prefix === null && first.from === null && first.to === null)
    for (const head of kept) {
      if (head.compared) continue
      compared += 1
      collected.report(compareHead(head, head.at, null)!)
    }
  return {
    fits: collected.count() === 0,
    export: first,
    counters: counted.counters,
    batches: counted.batches,
    rows: counted.entries,
    heads: { compared, outside: kept.length - compared },
    finding_count: collected.count(),
    findings: collected.findings,
  }
}

/** An export of all times has chains from their first batch to their last. */
function requireWhole(
  { from, to }: ExportRecord,
  { prefix, period, batch, after_batch, through_batch }: CounterRecord,
) {
  if ((from === null && after_batch > 0) || (to === null && through_batch < batch))
    throw new ExportError(
      `the export has only a part of the chain of ${prefix} ${period}, and does not say why`,
    )
}

interface KeptHead extends Head {
  at: string
  compared: boolean
}

const keyOf = ({ prefix, period }: { prefix: string; period: string }) => `${prefix}\n${period}`

function headsOf(checkpoints: readonly Checkpoint[]): Map<string, KeptHead[]> {
  const heads = new Map<string, KeptHead[]>()
  for (const { at, heads: kept } of checkpoints)
    for (const head of kept) {
      if (head.batch === 0) continue
      const list = heads.get(keyOf(head)) ?? []
      heads.set(keyOf(head), [...list, { ...head, at, compared: false }])
    }
  return heads
}

function parseLine(text: string, number: number): Line {
  try {
    const line = JSON.parse(text) as Line
    if (['export', 'counter', 'batch', 'entry', 'end'].includes(line.type)) return line
  } catch {
    // Told below.
  }
  throw new ExportError(`line ${number} is not one of an export: ${text.slice(0, 80)}`)
}
