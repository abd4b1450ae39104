import type { Asked, Facts, ServiceFacts } from './facts'
import { clock, counted, error, note, seconds, warning, type Finding, type Severity } from './finding'
import { judgeLedger } from './judge-ledger'
import { judgeInside } from './judge-inside'

const order: readonly Severity[] = ['error', 'warning', 'note']

/** The findings about an installation, the worst first. */
export function judge(facts: Facts): Finding[] {
  const findings = [
    ...facts.unasked.map((service) =>
      note(service, 'unasked', 'the profile has no address of it', `give it one: ordinal profile NAME --…`),
    ),
    ...facts.services.flatMap((service) => judgeService(service, facts.at)),
    ...judgeVersions(facts.services),
    ...ifUnderstood('sequencer', 'the ledger', () => judgeLedger(facts)),
  ]
  return findings.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
}

/** What answers may be another release, or no service of ours: that is a finding too, and ends none of the others. */
function ifUnderstood(service: string, what: string, judgeAnswer: () => Finding[]): Finding[] {
  try {
    return judgeAnswer()
  } catch {
    const action = 'use the ordinal of its release, and see that the address is that of the service'
    return [warning(service, 'unseen', `what it says of ${what} could not be understood`, action)]
  }
}

function judgeService(service: ServiceFacts, at: Date): Finding[] {
  const other = [service.health, service.diagnostics].find(({ is }) => is === 'other')
  // What that one says of itself is said where it belongs.
  if (other?.is === 'other')
    return [error(service.name, 'other_service', other.why, 'correct its address: ordinal profile')]
  return [
    ...judgeHealth(service),
    ...judgeDiagnostics(service),
    ...judgeClock(service),
    ...certificate(service.name, 'https', service.certificateExpiresAt, at),
  ]

  function judgeDiagnostics({ name, health, diagnostics }: ServiceFacts): Finding[] {
    if (diagnostics.is === 'answered')
      return ifUnderstood(name, 'itself', () => [
        ...judgeInside(name, diagnostics.answer),
        ...Object.entries(diagnostics.answer.certificates).flatMap(([use, until]) =>
          certificate(name, use, new Date(until), at),
        ),
      ])
    // That it does not answer is a finding already.
    if (health.is !== 'answered') return []
    const [found, action] = whyUnseen(diagnostics)
    return [warning(name, 'unseen', found, action)]
  }
}

function whyUnseen(
  diagnostics: Exclude<Asked<unknown>, { is: 'answered' }>,
): [found: string, action: string] {
  if (diagnostics.is === 'slow')
    return [
      `its diagnostics took over ${seconds(diagnostics.afterMs)}`,
      'look at its load, and at its database',
    ]
  const found = `its diagnostics could not be read: ${diagnostics.why}`
  if (diagnostics.is === 'away') return [found, 'look at its log']
  return [
    found,
    'use the token of an administrator, or a key with the scopes diagnostics:read and audit:read; a release without GET /api/v1/diagnostics is too old',
  ]
}

function judgeHealth({ name, health }: ServiceFacts): Finding[] {
  if (health.is === 'slow')
    return [
      error(
        name,
        'slow',
        `/health did not answer within ${seconds(health.afterMs)}`,
        'look at its processor, its event loop (GET /metrics), and what is between here and there',
      ),
    ]
  if (health.is !== 'answered')
    return [
      error(
        name,
        'away',
        `it does not answer: ${health.why}`,
        /certificate/.test(health.why)
          ? 'have Node trust its authority: NODE_EXTRA_CA_CERTS=ca.crt ordinal doctor'
          : 'start it, or correct its address: ordinal profile',
      ),
    ]
  if (health.answer.status === 200) return []
  const down = Object.entries(health.answer.checks).flatMap(([check, told]) =>
    told === 'down' || told === 'stopping' ? [`${check} is ${told}`] : [],
  )
  return [
    error(
      name,
      'not_ready',
      `it is not ready: ${down.join(', ') || `/health is ${health.answer.status}`}`,
      health.answer.checks.ledger === 'down'
        ? 'it issues nothing until its ledger is known to be whole: its log says why, and docs/backup.md what to do (ordinal restore-check)'
        : 'see its log for why; a service that stops is replaced by another, or started again',
    ),
  ]
}

function judgeVersions(services: readonly ServiceFacts[]): Finding[] {
  const known = services.flatMap(({ name, health }) =>
    health.is === 'answered' ? [`${name} ${health.answer.version}`] : [],
  )
  const versions = new Set(known.map((text) => text.split(' ')[1]))
  if (versions.size < 2) return []
  return [warning('all', 'versions', known.join(', '), 'finish the rollout: run the services of one release')]
}

function judgeClock({ name, clockAheadMs }: ServiceFacts): Finding[] {
  if (clockAheadMs === undefined) return []
  return clock(
    name,
    'clock',
    clockAheadMs,
    'its clock',
    'the clock here',
    'tokens and keys expire by the clock of the service: synchronise both by NTP',
  )
}

const dayMs = 24 * 60 * 60 * 1000
const soonDays = 14

function certificate(service: string, use: string, until: Date | undefined, at: Date): Finding[] {
  const days = until && (until.getTime() - at.getTime()) / dayMs
  if (days === undefined || days >= soonDays) return []
  const when = until!.toISOString()
  const action = 'renew it: the service reads the files again by itself, and says so in its log'
  if (days <= 0) return [error(service, 'certificate', `the certificate (${use}) expired on ${when}`, action)]
  return [
    warning(
      service,
      'certificate',
      `the certificate (${use}) expires in ${counted(Math.floor(days), 'day', 'days')}, on ${when}`,
      action,
    ),
  ]
}
