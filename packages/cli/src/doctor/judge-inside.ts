import type { Diagnostics, ServiceName } from './facts'
import { judgeWaiting } from './judge-waiting'
import { clock, counted, error, finding, note, warning, type Finding } from './finding'

type Database = NonNullable<Diagnostics['database']>

/** The findings from what a service reports about itself. */
export function judgeInside(service: ServiceName, facts: Diagnostics): Finding[] {
  return [
    ...judgeAccess(service, facts),
    ...(facts.database
      ? judgeDatabase(service, facts.database, facts.production)
      : [
          error(
            service,
            'database',
            'its database did not answer in time',
            'look at PostgreSQL, and the way to it',
          ),
        ]),
    ...judgeSchema(service, facts),
    ...facts.pools.flatMap(({ name, max, waiting }) =>
      waiting === 0
        ? []
        : [
            warning(
              service,
              'pool',
              `${counted(waiting, 'caller waits', 'callers wait')} for one of the ${max} connections of the pool "${name}"`,
              'look for long statements and locks in pg_stat_activity; then raise …_DB_POOL_SIZE (docs/operations.md)',
            ),
          ],
    ),
    ...Object.entries(facts.breakers).flatMap(([name, state]) =>
      state === 'closed'
        ? []
        : [
            finding(state === 'open' ? 'error' : 'warning')(
              service,
              'breaker',
              `the circuit breaker of ${name} is ${state.replace('_', '-')}`,
              `look at ${name}: it failed, or was too slow; the breaker closes by itself when it answers again`,
            ),
          ],
    ),
    ...judgeWaiting(service, facts),
    ...judgeRanges(service, facts),
  ]
}

function judgeAccess(service: ServiceName, { production, authentication }: Diagnostics): Finding[] {
  if (!production || authentication !== 'open') return []
  return [
    error(
      service,
      'authentication',
      'anyone may call it, in production',
      'set REQUIRE_AUTHENTICATION=true, or be sure that only known callers reach it',
    ),
  ]
}

function judgeDatabase(service: ServiceName, database: Database, production: boolean): Finding[] {
  return [
    ...judgeRole(service, database),
    ...judgeDurability(service, database),
    ...judgeReplication(service, database, production),
    ...clock(
      service,
      'database_clock',
      database.clock_ahead_ms,
      'the clock of its database',
      'its own',
      'numbers are dated by the database: synchronise the clocks of both machines by NTP',
    ),
    ...judgeConnections(service, database),
  ]
}

/** Rights by which a role could rewrite the ledger, or become one that could, and what takes each away in ALTER ROLE. */
const powers = new Map([
  ['superuser', 'NOSUPERUSER'],
  ['bypass_row_security', 'NOBYPASSRLS'],
  ['replication', 'NOREPLICATION'],
  ['create_role', 'NOCREATEROLE'],
])

function judgeRole(service: ServiceName, { role, rights }: Database): Finding[] {
  // The other services may own their tables; only the ledger must not belong to the role that writes it.
  const wrong = rights.filter((right) => powers.has(right) || (right === 'owner' && service === 'sequencer'))
  if (wrong.length > 0)
    return [
      error(
        service,
        'role',
        `its role "${role}" has more rights than its work needs: ${wrong.join(', ')}`,
        service === 'sequencer'
          ? 'run as a role that owns nothing, and give the owner in SEQUENCER_MIGRATION_DATABASE_URL'
          : `take them from the role: ALTER ROLE … ${wrong.map((right) => powers.get(right)).join(' ')}`,
      ),
    ]
  if (!rights.includes('create_database')) return []
  return [
    warning(
      service,
      'role',
      `its role "${role}" may create databases`,
      'take it from the role: ALTER ROLE … NOCREATEDB',
    ),
  ]
}

function judgeDurability(service: ServiceName, { settings }: Database): Finding[] {
  const findings: Finding[] = []
  if (settings.transaction_read_only === 'on')
    findings.push(
      error(
        service,
        'read_only',
        'its database takes no writes',
        'point its URL at the primary; see default_transaction_read_only of the role and the database',
      ),
    )
  if (settings.fsync === 'off')
    findings.push(
      error(service, 'fsync', 'fsync is off: a power cut destroys the database', 'set fsync = on'),
    )
  if (settings.full_page_writes === 'off')
    findings.push(
      warning(
        service,
        'full_page_writes',
        'full_page_writes is off: a power cut can destroy pages',
        'set full_page_writes = on, unless the file system writes pages as a whole',
      ),
    )
  if (settings.synchronous_commit === 'off')
    findings.push(
      error(
        service,
        'synchronous_commit',
        'synchronous_commit is off: what was acknowledged is lost in a crash',
        'set it to on, in postgresql.conf, and for the role and the database (ALTER ROLE … RESET synchronous_commit)',
      ),
    )
  return findings
}

function judgeReplication(
  service: ServiceName,
  { settings, standbys }: Database,
  production: boolean,
): Finding[] {
  const names = settings.synchronous_standby_names ?? ''
  const commit = settings.synchronous_commit ?? ''
  if (names === '' && standbys > 0)
    return [
      error(
        service,
        'replication',
        `${counted(standbys, 'standby is', 'standbys are')} asynchronous: a failover loses what was acknowledged`,
        'set synchronous_standby_names (with Patroni: synchronous_mode and synchronous_mode_strict)',
      ),
    ]
  if (names === '')
    return production
      ? [
          note(
            service,
            'replication',
            'its database has no standby: it is only as safe as one disk, and its backups',
            'consider a synchronous standby',
          ),
        ]
      : []
  if (commit === 'local' || commit === 'off')
    return [
      error(
        service,
        'replication',
        `synchronous_commit is ${commit}: commits do not wait for the standby (${names})`,
        'set synchronous_commit to on, for the role and the database as well',
      ),
    ]
  if (standbys === 0)
    return [
      error(
        service,
        'replication',
        `no standby is connected, and commits wait for one (${names})`,
        'start the standby; see pg_stat_replication',
      ),
    ]
  return []
}

const fullFrom = 0.9

function judgeConnections(service: ServiceName, { connections, settings }: Database): Finding[] {
  const most = Number(settings.max_connections)
  if (!(connections >= most * fullFrom)) return []
  return [
    warning(
      service,
      'connections',
      `${connections} of the ${most} connections of its database server are in use`,
      'raise max_connections, lower …_DB_POOL_SIZE, or put a pooler between them',
    ),
  ]
}

function judgeSchema(
  service: ServiceName,
  { migrations, schema_differences: differences = [] }: Diagnostics,
): Finding[] {
  const findings: Finding[] = []
  const { missing = [], unfinished = [], unknown = [] } = migrations ?? {}
  const behind = [...missing, ...unfinished]
  if (behind.length > 0)
    findings.push(
      error(
        service,
        'schema_behind',
        `its database is behind the build: ${list(behind)}`,
        'make migrate-up, or start the service again; a database that was restored is behind what it had issued as well',
      ),
    )
  if (unknown.length > 0)
    findings.push(
      warning(
        service,
        'schema_ahead',
        `its database has migrations that this build does not know: ${list(unknown)}`,
        'finish the rollout: start the build that brought them',
      ),
    )
  if (differences.length > 0)
    findings.push(
      error(
        service,
        'schema_altered',
        list(differences),
        'docs/audit.md says how to put it back; until then the rules of issuing may not hold',
      ),
    )
  return findings
}

const nearlyUsedUp = 0.01

function judgeRanges(service: ServiceName, { ranges = [] }: Diagnostics): Finding[] {
  return ranges.flatMap(({ prefix, period, end, left, warn_at: warnAt }) => {
    if (left > Math.max(warnAt, end * nearlyUsedUp)) return []
    const which = period ? `${prefix} ${period}` : prefix
    const found = `${which} has ${left === 0 ? 'no values' : counted(left, 'value', 'values')} left before its end, ${end}`
    const action = 'raise its end, or have a sequence for the next range'
    return [finding(left === 0 ? 'error' : 'warning')(service, 'range', found, action)]
  })
}

const shown = 3
const list = (names: readonly string[]): string =>
  names.length <= shown
    ? names.join(', ')
    : `${names.slice(0, shown).join(', ')} and ${names.length - shown} more`
