import type { Diagnostics, Facts, ServiceFacts } from '../src/doctor/facts'
import { seconds } from '../src/doctor/finding'
import { judge } from '../src/doctor/judge'

const at = '2026-11-30T12:00:00.000Z'
const hoursAgo = (hours: number) => new Date(Date.parse(at) - hours * 3_600_000).toISOString()
const inDays = (days: number) => new Date(Date.parse(at) + days * 86_400_000).toISOString()

const inside = (service: string): Diagnostics => ({
  service,
  version: '1.2.3',
  at,
  production: true,
  authentication: 'closed',
  database: {
    version: '18.4',
    role: 'runtime',
    rights: service === 'sequencer' ? [] : ['owner'],
    settings: {
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
      synchronous_standby_names: 'ANY 1 (*)',
      transaction_read_only: 'off',
      max_connections: '100',
    },
    standbys: 1,
    connections: 30,
    clock_ahead_ms: 20,
  },
  migrations: { missing: [], unknown: [], unfinished: [] },
  pools: [{ name: 'main', max: 10, waiting: 0 }],
  certificates: {},
  breakers: {},
})

const healthy = () => {
  const serviceOf = (name: ServiceFacts['name'], more: Partial<Diagnostics>): ServiceFacts => ({
    name,
    health: { is: 'answered', answer: { status: 200, version: '1.2.3', checks: { database: 'up' } } },
    diagnostics: { is: 'answered', answer: { ...inside(name), ...more } },
    clockAheadMs: 0,
    certificateExpiresAt: undefined,
  })
  const services = {
    users: serviceOf('user-service', {}),
    orders: serviceOf('order-service', {
      breakers: { sequencer: 'closed' },
      events: { waiting: 3, oldest_seconds: 1, dead_letters: 0 },
      numbering: { without_number: 0, oldest_seconds: 0, conflicts_of_a_day: 0 },
      webhooks: [{ id: 2, off_reason: null, waiting: 5, waiting_seconds: 60 }],
    }),
    sequencer: serviceOf('sequencer', {
      schema_differences: [],
      checkpoints: { signed: true, logged_at: hoursAgo(1) },
      ranges: [{ prefix: 'INV', period: '2026', end: 1000, left: 500, warn_at: 100 }],
    }),
  }
  const facts: Facts = {
    at: new Date(at),
    services: Object.values(services),
    unasked: [],
    chains: { is: 'answered', answer: { fits: true, finding_count: 0, findings: [], rows: 10 } },
    checkpoint: { is: 'answered', answer: { at: hoursAgo(2), fits: true, findings: [] } },
    checkpointHours: 24,
  }
  return { facts, ...services }
}
type Installation = ReturnType<typeof healthy>

const insideOf = ({ diagnostics }: ServiceFacts): Diagnostics => {
  if (diagnostics.is !== 'answered') throw new Error('it has none')
  return diagnostics.answer
}
const databaseOf = (service: ServiceFacts) => insideOf(service).database!
const refused = { is: 'refused', why: '403 role_too_low' } as const
const difference = { kind: 'altered', detail: 'row 3 was altered' } as never

test('there is nothing to say of an installation that has no fault', () => {
  expect(judge(healthy().facts)).toEqual([])
})

const cases: [
  check: string,
  severity: string,
  service: string,
  says: RegExp,
  (found: Installation) => void,
][] = [
  [
    'away',
    'error',
    'user-service',
    /ECONNREFUSED/,
    ({ users }) => {
      users.health = { is: 'away', why: 'ECONNREFUSED' }
      users.diagnostics = { is: 'away', why: 'ECONNREFUSED' }
    },
  ],
  [
    'other_service',
    'error',
    'order-service',
    /user-service answers/,
    ({ orders }) => {
      orders.health = { is: 'other', why: 'user-service answers at its address' }
      orders.diagnostics = { is: 'other', why: 'user-service answers at its address' }
      orders.clockAheadMs = 90_000
    },
  ],
  [
    'slow',
    'error',
    'sequencer',
    /within 5 s/,
    ({ sequencer }) => {
      sequencer.health = { is: 'slow', afterMs: 5_000 }
      sequencer.diagnostics = { is: 'slow', afterMs: 10_000 }
    },
  ],
  [
    'not_ready',
    'error',
    'order-service',
    /database is down/,
    ({ orders }) => {
      orders.health = {
        is: 'answered',
        answer: { status: 503, version: '1.2.3', checks: { database: 'down', sequencer: 'closed' } },
      }
    },
  ],
  [
    'unseen',
    'warning',
    'user-service',
    /403 role_too_low/,
    ({ users }) => {
      users.diagnostics = refused
    },
  ],
  [
    'unseen',
    'warning',
    'user-service',
    /took over 10 s/,
    ({ users }) => {
      users.diagnostics = { is: 'slow', afterMs: 10_000 }
    },
  ],
  [
    'webhook_off',
    'warning',
    'order-service',
    /webhook 3 .*days without a success; 1 delivery waits/,
    ({ orders }) => {
      insideOf(orders).webhooks = [{ id: 3, off_reason: 'failing', waiting: 1, waiting_seconds: 9_000 }]
    },
  ],
  [
    'webhook_off',
    'warning',
    'order-service',
    /webhook 3 .*answered 410; 0 deliveries wait/,
    ({ orders }) => {
      insideOf(orders).webhooks = [{ id: 3, off_reason: 'gone', waiting: 0, waiting_seconds: 0 }]
    },
  ],
  [
    'webhook_waiting',
    'warning',
    'order-service',
    /7 deliveries wait for webhook 4, the oldest for 15 min/,
    ({ orders }) => {
      insideOf(orders).webhooks = [{ id: 4, off_reason: null, waiting: 7, waiting_seconds: 900 }]
    },
  ],
  [
    'versions',
    'warning',
    'all',
    /order-service 1\.2\.4/,
    ({ orders }) => {
      orders.health = { is: 'answered', answer: { status: 200, version: '1.2.4', checks: {} } }
    },
  ],
  [
    'clock',
    'warning',
    'user-service',
    /3 s ahead of the clock here/,
    ({ users }) => {
      users.clockAheadMs = 3_000
    },
  ],
  [
    'clock',
    'error',
    'user-service',
    /5 min behind the clock here/,
    ({ users }) => {
      users.clockAheadMs = -300_000
    },
  ],
  [
    'database_clock',
    'error',
    'sequencer',
    /database is 2 min behind its own/,
    ({ sequencer }) => {
      databaseOf(sequencer).clock_ahead_ms = -120_000
    },
  ],
  [
    'certificate',
    'warning',
    'order-service',
    /\(server\) expires in 2 days/,
    ({ orders }) => {
      insideOf(orders).certificates = { server: inDays(2.5) }
    },
  ],
  [
    'certificate',
    'error',
    'user-service',
    /\(https\) expired/,
    ({ users }) => {
      users.certificateExpiresAt = new Date(inDays(-1))
    },
  ],
  [
    'database',
    'error',
    'user-service',
    /did not answer/,
    ({ users }) => {
      insideOf(users).database = undefined
    },
  ],
  [
    'role',
    'error',
    'sequencer',
    /"runtime" .*: owner$/,
    ({ sequencer }) => {
      databaseOf(sequencer).rights = ['owner']
    },
  ],
  [
    'role',
    'error',
    'user-service',
    /superuser, create_role$/,
    ({ users }) => {
      databaseOf(users).rights = ['superuser', 'create_role', 'owner']
    },
  ],
  [
    'role',
    'warning',
    'user-service',
    /may create databases/,
    ({ users }) => {
      databaseOf(users).rights = ['create_database']
    },
  ],
  [
    'fsync',
    'error',
    'sequencer',
    /fsync is off/,
    ({ sequencer }) => {
      databaseOf(sequencer).settings.fsync = 'off'
    },
  ],
  [
    'full_page_writes',
    'warning',
    'sequencer',
    /full_page_writes/,
    ({ sequencer }) => {
      databaseOf(sequencer).settings.full_page_writes = 'off'
    },
  ],
  [
    'read_only',
    'error',
    'sequencer',
    /no writes/,
    ({ sequencer }) => {
      databaseOf(sequencer).settings.transaction_read_only = 'on'
    },
  ],
  [
    'synchronous_commit',
    'error',
    'order-service',
    /lost in a crash/,
    ({ orders }) => {
      Object.assign(databaseOf(orders).settings, { synchronous_commit: 'off', synchronous_standby_names: '' })
      databaseOf(orders).standbys = 0
      insideOf(orders).production = false
    },
  ],
  [
    'replication',
    'error',
    'sequencer',
    /1 standby is asynchronous/,
    ({ sequencer }) => {
      databaseOf(sequencer).settings.synchronous_standby_names = ''
    },
  ],
  [
    'replication',
    'error',
    'sequencer',
    /synchronous_commit is local/,
    ({ sequencer }) => {
      databaseOf(sequencer).settings.synchronous_commit = 'local'
    },
  ],
  [
    'replication',
    'error',
    'sequencer',
    /no standby is connected/,
    ({ sequencer }) => {
      databaseOf(sequencer).standbys = 0
    },
  ],
  [
    'replication',
    'note',
    'sequencer',
    /has no standby/,
    ({ sequencer }) => {
      databaseOf(sequencer).settings.synchronous_standby_names = ''
      databaseOf(sequencer).standbys = 0
    },
  ],
  [
    'connections',
    'warning',
    'user-service',
    /95 of the 100/,
    ({ users }) => {
      databaseOf(users).connections = 95
    },
  ],
  [
    'pool',
    'warning',
    'user-service',
    /4 callers wait for one of the 10/,
    ({ users }) => {
      insideOf(users).pools = [{ name: 'main', max: 10, waiting: 4 }]
    },
  ],
  [
    'breaker',
    'error',
    'order-service',
    /sequencer is open/,
    ({ orders }) => {
      insideOf(orders).breakers = { sequencer: 'open' }
    },
  ],
  [
    'breaker',
    'warning',
    'order-service',
    /sequencer is half-open/,
    ({ orders }) => {
      insideOf(orders).breakers = { sequencer: 'half_open' }
    },
  ],
  [
    'schema_behind',
    'error',
    'user-service',
    /20261202/,
    ({ users }) => {
      insideOf(users).migrations = { missing: ['20261202_x'], unknown: [], unfinished: [] }
    },
  ],
  [
    'schema_behind',
    'error',
    'user-service',
    /a, b, c and 1 more/,
    ({ users }) => {
      insideOf(users).migrations = { missing: ['a', 'b', 'c'], unknown: [], unfinished: ['d'] }
    },
  ],
  [
    'schema_ahead',
    'warning',
    'user-service',
    /2027/,
    ({ users }) => {
      insideOf(users).migrations = { missing: [], unknown: ['2027_y'], unfinished: [] }
    },
  ],
  [
    'schema_altered',
    'error',
    'sequencer',
    /trigger/,
    ({ sequencer }) => {
      insideOf(sequencer).schema_differences = ['trigger t is disabled']
    },
  ],
  [
    'authentication',
    'error',
    'order-service',
    /anyone may call/,
    ({ orders }) => {
      insideOf(orders).authentication = 'open'
    },
  ],
  [
    'events_waiting',
    'warning',
    'order-service',
    /7 events wait .* 5 min/,
    ({ orders }) => {
      insideOf(orders).events = { waiting: 7, oldest_seconds: 300, dead_letters: 0 }
    },
  ],
  [
    'dead_letters',
    'warning',
    'order-service',
    /2 events/,
    ({ orders }) => {
      insideOf(orders).events = { waiting: 0, oldest_seconds: 0, dead_letters: 2 }
    },
  ],
  [
    'orders_without_number',
    'warning',
    'order-service',
    /3 orders/,
    ({ orders }) => {
      insideOf(orders).numbering = { without_number: 3, oldest_seconds: 90, conflicts_of_a_day: 0 }
    },
  ],
  [
    'number_conflicts',
    'error',
    'order-service',
    /1 number of the last day/,
    ({ orders }) => {
      insideOf(orders).numbering = { without_number: 0, oldest_seconds: 0, conflicts_of_a_day: 1 }
    },
  ],
  [
    'range',
    'warning',
    'sequencer',
    /INV 2026 has 100 values/,
    ({ sequencer }) => {
      insideOf(sequencer).ranges![0]!.left = 100
    },
  ],
  [
    'range',
    'warning',
    'sequencer',
    /has 10 values/,
    ({ sequencer }) => {
      Object.assign(insideOf(sequencer).ranges![0]!, { left: 10, warn_at: 0 })
    },
  ],
  [
    'range',
    'error',
    'sequencer',
    /has no values/,
    ({ sequencer }) => {
      insideOf(sequencer).ranges![0]!.left = 0
    },
  ],
  [
    'checkpoints_unsigned',
    'warning',
    'sequencer',
    /checkpoints are not signed/,
    ({ sequencer }) => {
      insideOf(sequencer).checkpoints = { signed: false }
    },
  ],
  [
    'checkpoints_old',
    'warning',
    'sequencer',
    /3 h ago/,
    ({ sequencer }) => {
      insideOf(sequencer).checkpoints = { signed: true, logged_at: hoursAgo(3) }
    },
  ],
  [
    'checkpoints_old',
    'warning',
    'sequencer',
    /no checkpoint was logged/,
    ({ sequencer }) => {
      insideOf(sequencer).checkpoints = { signed: true }
    },
  ],
  [
    'checkpoint_old',
    'warning',
    'sequencer',
    /25 h old/,
    ({ facts }) => {
      facts.checkpoint = { is: 'answered', answer: { at: hoursAgo(25), fits: true, findings: [] } }
    },
  ],
  [
    'checkpoint',
    'error',
    'sequencer',
    /row 3 was altered/,
    ({ facts }) => {
      facts.checkpoint = { is: 'answered', answer: { at: hoursAgo(1), fits: false, findings: [difference] } }
    },
  ],
  [
    'checkpoint_not_compared',
    'warning',
    'sequencer',
    /422/,
    ({ facts }) => {
      facts.checkpoint = { is: 'refused', why: '422 checkpoint_invalid' }
    },
  ],
  [
    'checkpoint_not_given',
    'note',
    'sequencer',
    /no kept checkpoint/,
    ({ facts }) => {
      facts.checkpoint = undefined
    },
  ],
  [
    'chains',
    'error',
    'sequencer',
    /row 3 was altered/,
    ({ facts }) => {
      facts.chains = {
        is: 'answered',
        answer: { fits: false, finding_count: 2, findings: [difference], rows: 10 },
      }
    },
  ],
  [
    'chains_unfinished',
    'note',
    'sequencer',
    /within 30 s/,
    ({ facts }) => {
      facts.chains = { is: 'slow', afterMs: 30_000 }
    },
  ],
  [
    'chains_unverified',
    'warning',
    'sequencer',
    /409/,
    ({ facts }) => {
      facts.chains = { is: 'refused', why: '409 verification_under_way' }
    },
  ],
  [
    'unasked',
    'note',
    'user-service',
    /no address/,
    ({ facts }) => {
      facts.unasked = ['user-service']
    },
  ],
]

test.each(cases)(
  '%s: %s of %s, with what was measured and what to do',
  (check, severity, service, says, plant) => {
    const found = healthy()
    plant(found)
    const findings = judge(found.facts)
    expect(findings).toEqual([
      { check, severity, service, found: expect.stringMatching(says), action: expect.stringMatching(/\w/) },
    ])
  },
)

test('of a service that does not answer, nothing else is said', () => {
  const found = healthy()
  const gone = { is: 'away', why: 'ECONNREFUSED' } as const
  for (const service of found.facts.services)
    Object.assign(service, { health: gone, diagnostics: gone, clockAheadMs: undefined })
  Object.assign(found.facts, { chains: gone, checkpoint: gone })
  expect(judge(found.facts).map(({ check }) => check)).toEqual(['away', 'away', 'away'])
})

test.each<[string, RegExp, (found: Installation) => void]>([
  [
    'a certificate is not trusted',
    /NODE_EXTRA_CA_CERTS/,
    ({ users }) => {
      users.health = { is: 'away', why: 'self-signed certificate in certificate chain' }
      users.diagnostics = users.health
    },
  ],
  [
    'a ledger is not known to be whole',
    /restore-check/,
    ({ sequencer }) => {
      const checks = { database: 'up', ledger: 'down' }
      sequencer.health = { is: 'answered', answer: { status: 503, version: '1.2.3', checks } }
    },
  ],
])('where %s it says what helps, and not to start the service again', (_, helps, plant) => {
  const found = healthy()
  plant(found)
  expect(judge(found.facts).map(({ action }) => action)).toEqual([expect.stringMatching(helps)])
})

test('what it says to take from a role is what PostgreSQL understands', () => {
  const found = healthy()
  databaseOf(found.users).rights = ['superuser', 'bypass_row_security', 'replication', 'create_role', 'owner']
  expect(judge(found.facts).map(({ action }) => action)).toEqual([
    'take them from the role: ALTER ROLE … NOSUPERUSER NOBYPASSRLS NOREPLICATION NOCREATEROLE',
  ])
})

test('the worst comes first', () => {
  const found = healthy()
  found.facts.checkpoint = undefined
  found.users.clockAheadMs = 3_000
  found.orders.clockAheadMs = 3_000_000
  expect(judge(found.facts).map(({ severity }) => severity)).toEqual(['error', 'warning', 'note'])
})

test.each([
  [0, '0 s'],
  [2_540, '2.5 s'],
  [119_000, '119 s'],
  [120_000, '2 min'],
  [7_200_000, '2 h'],
  [172_800_000, '2 days'],
])('%i ms are %s', (ms, text) => expect(seconds(ms)).toBe(text))

test('what an answer of another release lacks ends none of the other findings', () => {
  const { facts, users, sequencer } = healthy()
  users.health = { is: 'away', why: 'ECONNREFUSED' }
  sequencer.diagnostics = { is: 'answered', answer: {} as Diagnostics }
  facts.chains = { is: 'answered', answer: {} as never }
  expect(judge(facts).map(({ check, service }) => `${check} of ${service}`)).toEqual([
    'away of user-service',
    'unseen of sequencer',
    'unseen of sequencer',
  ])
})
