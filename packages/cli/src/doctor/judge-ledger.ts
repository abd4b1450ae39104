import type { Diagnostics, Facts } from './facts'
import { counted, error, note, seconds, warning, type Finding } from './finding'

const sequencer = 'sequencer'
const hourMs = 60 * 60 * 1000
// It is logged every hour.
const loggedWithinMs = 2 * hourMs

/** The findings about the proofs of the ledger: its chains, its checkpoints, and one that was kept. */
export function judgeLedger({ at, services, chains, checkpoint, checkpointHours }: Facts): Finding[] {
  const found = services.find(({ name }) => name === sequencer)
  const inside = found?.diagnostics.is === 'answered' ? found.diagnostics.answer : undefined
  // That it does not answer is a finding already.
  if (found?.health.is !== 'answered') return []
  return [
    ...judgeChains(chains),
    ...(inside ? judgeSigning(inside) : []),
    ...judgeKept(checkpoint, at, checkpointHours),
  ]
}

function judgeChains(chains: Facts['chains']): Finding[] {
  if (chains === undefined) return []
  switch (chains.is) {
    case 'answered': {
      const { fits, finding_count: count, findings } = chains.answer
      if (fits) return []
      const [first] = findings
      return [
        error(
          sequencer,
          'chains',
          `the ledger is not what was written: ${counted(count, 'finding', 'findings')}, the first: ${first?.kind} ${first?.detail ?? ''}`,
          'ordinal verify names all; docs/audit.md says what each means. Keep the database as it is',
        ),
      ]
    }
    case 'slow':
      return [
        note(
          sequencer,
          'chains_unfinished',
          `the ledger could not be verified within ${seconds(chains.afterMs)}`,
          'give it longer: ordinal verify, or ordinal --timeout 600 doctor',
        ),
      ]
    default:
      return [
        warning(
          sequencer,
          'chains_unverified',
          `the ledger was not verified: ${chains.why}`,
          'ordinal verify',
        ),
      ]
  }
}

function judgeSigning({ checkpoints, at }: Diagnostics): Finding[] {
  if (!checkpoints) return []
  if (!checkpoints.signed)
    return [
      warning(
        sequencer,
        'checkpoints_unsigned',
        'checkpoints are not signed: a ledger that was rewritten as a whole could not be detected',
        'set SEQUENCER_SIGNING_KEY, and keep the checkpoints elsewhere (docs/audit.md)',
      ),
    ]
  const loggedAt = checkpoints.logged_at
  // Both by the clock of the service.
  const ageMs = loggedAt === undefined ? Infinity : Date.parse(at) - Date.parse(loggedAt)
  if (ageMs <= loggedWithinMs) return []
  return [
    warning(
      sequencer,
      'checkpoints_old',
      loggedAt === undefined
        ? 'no checkpoint was logged'
        : `the last checkpoint was logged ${seconds(ageMs)} ago`,
      'see its log for why; they are logged every hour',
    ),
  ]
}

function judgeKept(kept: Facts['checkpoint'], at: Date, hours: number): Finding[] {
  if (kept === undefined)
    return [
      note(
        sequencer,
        'checkpoint_not_given',
        'no kept checkpoint was compared with the ledger',
        'give the last that somebody else keeps: ordinal doctor --checkpoint FILE',
      ),
    ]
  if (kept.is !== 'answered') {
    const why = kept.is === 'slow' ? `it took over ${seconds(kept.afterMs)}` : kept.why
    return [
      warning(
        sequencer,
        'checkpoint_not_compared',
        `the kept checkpoint was not compared: ${why}`,
        'compare it: POST /api/v1/audit/verify (docs/audit.md)',
      ),
    ]
  }
  const { answer } = kept
  const ageMs = at.getTime() - Date.parse(answer.at)
  const findings: Finding[] = []
  if (!answer.fits)
    findings.push(
      error(
        sequencer,
        'checkpoint',
        `the ledger is not what the kept checkpoint of ${answer.at} says: ${answer.findings[0]?.detail ?? ''}`,
        'it was rewritten, or restored from before: docs/audit.md. Keep the database as it is',
      ),
    )
  if (ageMs > hours * hourMs)
    findings.push(
      warning(
        sequencer,
        'checkpoint_old',
        `the last kept checkpoint is ${seconds(ageMs)} old`,
        'keep one more often: GET /api/v1/audit/checkpoints, or the line "checkpoint" of the log',
      ),
    )
  return findings
}
