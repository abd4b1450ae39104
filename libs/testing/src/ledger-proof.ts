import { Client } from 'pg'
import { chainHash, type ChainedBatch, type ChainedRow } from './ledger-chain'

/** What a ledger holds, and what is wrong with it. */
export interface LedgerReport {
  batches: number
  steps: number
  /** How many values are in each state. */
  values: Record<State, number>
  /** Empty if the ledger keeps its promises; at most 20. */
  faults: string[]
}

type State = 'issued' | 'reserved' | 'free' | 'void'

/**
 * Reads a sequencer's whole ledger and proves it from its description alone, with no code of the sequencer: the values
 * of each counter are dense, each step is one that may follow the last, what was free was recycled lowest first, leases
 * ended in time, no number is live twice, the chain of hashes is whole, and all that follows from the ledger
 * (counters, free values, leases, what sites have drawn) does follow from it.
 *
 * @param database its `adminUrl` may read all tables; nobody may write meanwhile
 * @param see is shown each step, those of a counter in their order
 */
export async function inspectLedger(
  { adminUrl }: { adminUrl: string },
  see: (step: LedgerStep) => void = () => {},
): Promise<LedgerReport> {
  const db = new Client(adminUrl)
  await db.connect()
  try {
    await db.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    return await inspect(db, see)
  } finally {
    await db.end()
  }
}

async function inspect(db: Client, see: (step: LedgerStep) => void): Promise<LedgerReport> {
  const faults: string[] = []
  const report: LedgerReport = {
    batches: 0,
    steps: 0,
    values: { issued: 0, reserved: 0, free: 0, void: 0 },
    faults,
  }
  const live = new Map<string, string>()
  const usage = new Map<string, Usage>()
  for (const row of await counters(db)) {
    const fault = (text: string) => {
      if (faults.length < 20) faults.push(`${row.prefix}/${row.period}: ${text}`)
    }
    const counter = createCounter(row, usage, fault)
    for await (const [batch, rows] of batchesOf(db, row)) {
      counter.apply(batch, rows)
      rows.forEach(see)
      report.batches += 1
      report.steps += rows.length
    }
    counter.compare(row, await freeValuesOf(db, row), await leasesOf(db, row))
    for (const [value, { state, number }] of counter.values) {
      report.values[state] += 1
      if (state !== 'issued' && state !== 'reserved') continue
      const other = live.get(`${row.prefix}\n${number}`)
      if (other !== undefined) fault(`${number} is live for the values ${other} and ${value}`)
      live.set(`${row.prefix}\n${number}`, value)
    }
  }
  await compareUsage(db, usage, faults)
  return report
}

interface Counter {
  prefix: string
  period: string
  first_value: string
  last_value: string
  reserved: string
  free: string
  void: string
  batch: string
  head: Buffer
  feed: string
}
interface Batch extends ChainedBatch {
  batch: string
  rows: number
  hash: Buffer
  feed: string
}
/** A row of the ledger; `value` and `batch` are as pg gives a `bigint`. */
interface LedgerStep extends ChainedRow {
  batch: string
  position: number
  item: number
  state: State
  number: string
  at_us: string
}
interface Value {
  state: State
  revision: number
  number: string
  /** Microseconds since 1970, of a value that is reserved. */
  expiresAtUs?: bigint
  /** Whose account the value is on. */
  holder?: string | undefined
}
interface Usage {
  issued: number
  released: number
}

/** A counter, as its batches make it one after the other. */
function createCounter({ first_value }: Counter, usage: Map<string, Usage>, fault: (text: string) => void) {
  const values = new Map<string, Value>()
  const free = new Set<number>()
  let head: Buffer = Buffer.alloc(32)
  let lastValue = BigInt(first_value) - 1n
  let batches = 0n
  let feed = 0n
  let lastUs = 0n

  function apply(batch: Batch, rows: LedgerStep[]): void {
    batches += 1n
    const name = `batch ${batch.batch}`
    if (BigInt(batch.batch) !== batches) fault(`${name} stands where ${batches} should`)
    if (rows.length !== batch.rows) fault(`${name} should have ${batch.rows} rows and has ${rows.length}`)
    if (rows.some(({ position }, index) => position !== index + 1)) fault(`${name} has a hole`)
    if (BigInt(batch.at_us) < lastUs) fault(`${name} is older than the one before`)
    if (BigInt(batch.feed) < feed) fault(`${name} is before its predecessor in the feed`)
    if (!chainHash(head, batch, rows).equals(batch.hash)) fault(`${name} does not fit the chain`)
    head = batch.hash
    feed = BigInt(batch.feed)
    lastUs = BigInt(batch.at_us)

    const recycled = rows.filter(({ event, revision }) => isBeginning(event) && revision > 1)
    const lowest = recycled.length > 0 ? [...free].sort((a, b) => a - b) : []
    if (recycled.some(({ value }, index) => Number(value) !== lowest[index]))
      fault(`${name} did not recycle the lowest free values`)
    const missed = rows.find(
      ({ event, revision }, index) => isSingle(rows, index) && event !== 'import' && revision === 1,
    )
    if (missed && batch.gap_policy === 'recycle' && free.size > recycled.length)
      fault(`${name} took the new value ${missed.value} although there were free ones`)
    for (const row of rows) step(batch, row)
  }

  function step(batch: Batch, row: LedgerStep): void {
    const { event, state, revision } = row
    const name = `${event} of value ${row.value}, revision ${revision},`
    const before = values.get(row.value)
    if (revision !== (before?.revision ?? 0) + 1) fault(`${name} follows revision ${before?.revision ?? 0}`)
    if (row.at_us !== batch.at_us) fault(`${name} has another time than its batch`)
    const allowed = after(event, before?.state, batch.gap_policy)
    if (allowed !== state) fault(`${name} made ${before?.state ?? 'unused'} to ${state}`)
    if (!before && BigInt(row.value) !== (lastValue += 1n)) fault(`${name} stands where ${lastValue} should`)
    if (row.number !== (isBeginning(event) ? formatted(batch, row.value) : before?.number))
      fault(`${name} has the number ${row.number}`)
    if (event === 'expire' && before?.expiresAtUs && before.expiresAtUs > BigInt(row.at_us))
      fault(`${name} came before the lease had ended`)
    if (event === 'confirm' && before?.expiresAtUs && before.expiresAtUs <= BigInt(row.at_us))
      fault(`${name} came after the lease had ended`)

    if (state === 'free') free.add(Number(row.value))
    else free.delete(Number(row.value))
    const account = [batch.prefix, row.site_id, row.partition_id ?? '', row.invoice_type ?? ''].join('\n')
    const began = isBeginning(event)
    const holder = began ? (row.site_id === null ? undefined : account) : before?.holder
    values.set(row.value, {
      state,
      revision,
      number: row.number,
      holder,
      ...(state === 'reserved' && {
        expiresAtUs: BigInt(row.at_us) + BigInt(row.hold_seconds ?? 0) * 1_000_000n,
      }),
    })
    if (holder === undefined) return
    const used = usage.get(holder) ?? { issued: 0, released: 0 }
    usage.set(holder, used)
    if (began) used.issued += 1
    if (['suppress', 'release', 'expire'].includes(event!)) used.released += 1
  }

  /** Compares what follows from the ledger with what the tables have. */
  function compare(row: Counter, freeValues: string[], leases: string[]): void {
    const all = [...values]
    const count = (state: State) => all.filter(([, value]) => value.state === state).length
    const expected = {
      last_value: String(lastValue),
      reserved: String(count('reserved')),
      free: String(count('free')),
      void: String(count('void')),
      batch: String(batches),
      feed: String(feed),
      head: head.toString('hex'),
    }
    for (const [name, value] of Object.entries({ ...expected })) {
      const found = name === 'head' ? row.head.toString('hex') : row[name as 'batch']
      if (found !== value) fault(`the counter's ${name} is ${found}, by the ledger it is ${value}`)
    }
    if (BigInt(values.size) !== lastValue - BigInt(first_value) + 1n) fault(`there are ${values.size} values`)
    const inState = (state: State, text: (value: string, its: Value) => string) =>
      all.filter(([, value]) => value.state === state).map(([value, its]) => text(value, its))
    compareSets(
      'free values',
      freeValues,
      inState('free', (value, { revision }) => `${value} at ${revision}`),
    )
    compareSets(
      'leases',
      leases,
      inState('reserved', (value, { number, expiresAtUs }) => `${value} ${number} until ${expiresAtUs}`),
    )
  }

  function compareSets(what: string, found: string[], expected: string[]): void {
    const [has, should] = [new Set(found), new Set(expected)]
    for (const one of has) if (!should.has(one)) fault(`${what} have ${one}`)
    for (const one of should) if (!has.has(one)) fault(`${what} lack ${one}`)
  }

  return { apply, compare, values }
}

/** The states of a number, written again from their picture in the documentation. */
function after(event: string | null, state: State | undefined, gapPolicy: string): State | undefined {
  const released = gapPolicy === 'recycle' ? 'free' : 'void'
  const steps: Record<string, Partial<Record<State | 'unused', State>>> = {
    issue: { unused: 'issued', free: 'issued' },
    reserve: { unused: 'reserved', free: 'reserved' },
    suppress: { unused: released, free: released },
    confirm: { reserved: 'issued' },
    release: { issued: released, reserved: released },
    expire: { reserved: released },
    void: { issued: 'void' },
    import: { unused: 'issued' },
    skip: { unused: 'void' },
  }
  return steps[event ?? '']?.[state ?? 'unused']
}

const isBeginning = (event: string | null) =>
  ['issue', 'reserve', 'suppress', 'import', 'skip'].includes(event ?? '')

/** Whether a row is the only one of its request, and so would be given a free value. */
function isSingle(rows: LedgerStep[], index: number): boolean {
  const { event, item, caller, idempotency_key } = rows[index]!
  const next = rows[index + 1]
  const alone = item === 0 && !(next && next.caller === caller && next.idempotency_key === idempotency_key)
  return alone && ['issue', 'reserve', 'suppress'].includes(event!)
}

const formatted = ({ number_head, number_width, number_tail }: Batch, value: string) =>
  `${number_head}${value.padStart(number_width ?? 0, '0')}${number_tail}`

const counters = async (db: Client) =>
  (await db.query<Counter>('SELECT * FROM public.counters ORDER BY prefix, period')).rows

/** The batches of a counter with their rows, in their order; some at a time, since a ledger may be large. */
async function* batchesOf(db: Client, { prefix, period }: Counter): AsyncGenerator<[Batch, LedgerStep[]]> {
  const atOnce = 500
  for (let last = '0'; ;) {
    const { rows: batches } = await db.query<Batch>(
      `SELECT *, (extract(epoch FROM at) * 1000000)::bigint AS at_us FROM public.batches
       WHERE prefix = $1 AND period = $2 AND batch > $3 ORDER BY batch LIMIT ${atOnce}`,
      [prefix, period, last],
    )
    if (batches.length === 0) return
    const until = batches.at(-1)!.batch
    const { rows } = await db.query<LedgerStep>(
      `SELECT *, business_date::text, (extract(epoch FROM at) * 1000000)::bigint AS at_us FROM public.ledger
       WHERE prefix = $1 AND period = $2 AND batch > $3 AND batch <= $4 ORDER BY batch, position`,
      [prefix, period, last, until],
    )
    let next = 0
    for (const batch of batches) {
      const start = next
      while (rows[next]?.batch === batch.batch) next += 1
      yield [batch, rows.slice(start, next)]
    }
    last = until
  }
}

async function freeValuesOf(db: Client, { prefix, period }: Counter): Promise<string[]> {
  const { rows } = await db.query<{ value: string; revision: number }>(
    'SELECT value, revision FROM public.free_values WHERE prefix = $1 AND period = $2',
    [prefix, period],
  )
  return rows.map(({ value, revision }) => `${value} at ${revision}`)
}

async function leasesOf(db: Client, { prefix, period }: Counter): Promise<string[]> {
  const { rows } = await db.query<{ value: string; number: string; until: string }>(
    `SELECT value, number, (extract(epoch FROM expires_at) * 1000000)::bigint AS until
     FROM public.leases WHERE prefix = $1 AND period = $2`,
    [prefix, period],
  )
  return rows.map(({ value, number, until }) => `${value} ${number} until ${until}`)
}

async function compareUsage(db: Client, usage: Map<string, Usage>, faults: string[]): Promise<void> {
  const { rows } = await db.query<{ account: string; issued: string; released: string }>(
    `SELECT concat_ws(E'\\n', prefix, site_id, partition_id, invoice_type) AS account, issued, released
     FROM public.site_usage`,
  )
  const text = (account: string, issued: unknown, released: unknown) =>
    `${JSON.stringify(account)} issued ${String(issued)}, released ${String(released)}`
  const found = rows.map(({ account, issued, released }) => text(account, issued, released)).sort()
  const expected = [...usage].map(([account, { issued, released }]) => text(account, issued, released)).sort()
  if (found.join() !== expected.join())
    faults.push(`sites have drawn ${found.join('; ')}; by the ledger ${expected.join('; ')}`)
}
