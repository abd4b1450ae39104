import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { docker, eventually, services } from './docker'
import { asDocumented, keepCheckpoint, loseLedger, restoreCheck } from './production-restore'
import { hosts, newVersion, port, project, startProduction, type Production } from './production-stack'

const ofProject = ['--filter', `label=com.docker.compose.project=${project}`]
let stack: Production
beforeAll(async () => void (stack = await startProduction()), 1_200_000)
afterAll(() => stack?.stop(), 120_000)

test('443 is all that is published, and only callers who are known get in', async () => {
  const ports = await docker('ps', ...ofProject, '--format', '{{.Ports}}')
  const published = ports.split('\n').filter((line) => line.includes('->'))
  expect(published).toEqual([expect.stringContaining(`${port}->8443`)])
  const { ask } = stack
  expect((await ask(hosts.numbers, 'POST', '/api/v1/next/SG', {}, 'nobody')).status).toBe(401)
  expect(await ask('other.localhost', 'GET', '/').catch((error: Error) => error.message)).toMatch(
    /altnames|421/,
  )
  expect((await ask(hosts.numbers, 'GET', '/metrics')).status).toBe(404)
})

test('orders get numbers through PgBouncer, and none fails while upgrade.sh replaces each instance', async () => {
  const id = await stack.createUser('a@example.com')
  const numbers: (string | null)[] = []
  let stopping = false
  const placing = (async () => {
    while (!stopping) numbers.push(await stack.placeOrder(id))
  })()
  appendFileSync(join(stack.folder, '.env.prod'), `VERSION=${newVersion}\n`)
  const said = await stack.inFolder('deploy/production/upgrade.sh')
  stopping = true
  await placing
  const instances = services.flatMap((service) => [`${service}-1`, `${service}-2`])
  for (const instance of instances) expect(said).toContain(`${instance} is replaced`)
  const images = await docker('ps', ...ofProject, '--format', '{{.Image}}')
  expect(images.split('\n').filter((image) => image.endsWith(`:${newVersion}`))).toHaveLength(
    instances.length,
  )
  expect(numbers.length).toBeGreaterThan(50)
  expect(new Set(numbers).size).toBe(numbers.length)
  expect(numbers).not.toContain(null)
}, 300_000)

const baseBackup = /^\d{8}T\d{6}Z$/m
const inBackupOf = (service: string, command: string) =>
  stack.compose('exec', '-T', `${service}-backup`, 'sh', '-c', `cd /var/lib/postgresql && ${command}`)

test('the role of a service owns nothing, and each database has a backup and its WAL', async () => {
  const { sql } = stack
  expect(await sql(`SELECT count(*) FROM pg_tables WHERE tableowner = 'sequencer'`)).toBe('0')
  expect(await sql(`SELECT active FROM pg_replication_slots WHERE slot_name = 'backup'`)).toBe('t')
  for (const service of ['user', 'order', 'sequencer'])
    await eventually(
      () => inBackupOf(service, 'ls base wal'),
      (files) => baseBackup.test(files) && /^[0-9A-F]{24}/m.test(files),
      60_000,
    )
}, 200_000)

test('a ledger whose volume is lost is restored as documented, and no number comes twice', async () => {
  const { ask, get, sql } = stack
  const userId = await stack.createUser('b@example.com')
  const draw = async (count: number) => {
    const numbers: string[] = []
    const orders: string[] = []
    for (let n = 0; n < count; n += 1) {
      const next = await get<{ full_number: string }>(hosts.numbers, 'POST', '/api/v1/next/SG', {})
      numbers.push(next.full_number)
      orders.push((await stack.placeOrder(userId))!)
    }
    return { numbers, orders, all: [...numbers, ...orders] }
  }
  const bases = await eventually(
    () => inBackupOf('sequencer', 'ls base'),
    (files) => baseBackup.test(files),
    60_000,
  )
  const base = bases.split('\n').findLast((name) => baseBackup.test(name))!
  const kept = await draw(10)
  const moment = await sql('SELECT clock_timestamp()')
  const lost = await draw(10)
  await keepCheckpoint(stack)
  const lostUnseen = await draw(5)
  await loseLedger()

  await asDocumented(stack, 'restore', { BASE: base, TARGET: moment })
  await eventually(
    () => ask(hosts.numbers, 'POST', '/api/v1/next/SG', {}),
    ({ status, text }) => status === 503 && text.includes('"ledger_behind"'),
    60_000,
  )
  expect(Number(await sql(`SELECT count(*) FROM ledger WHERE number = '${lost.numbers[0]}'`))).toBe(0)
  const checked = await restoreCheck(stack, 'check: the volume was lost')
  expect(checked).toMatchObject({ complete: false, orders_doubled: [] })
  expect(checked.orders_missing.map(({ number }) => number).sort()).toEqual(
    [...lost.orders, ...lostUnseen.orders].sort(),
  )

  await asDocumented(stack, 'go on')
  // A circuit breaker of the order service is open for half a minute.
  await eventually(
    () => stack.placeOrder(userId),
    (number) => number !== null,
    60_000,
  )
  const before = [...kept.all, ...lost.all, ...lostUnseen.all]
  const after = await draw(10)
  expect(new Set([...before, ...after.all]).size).toBe(before.length + after.all.length)
  const voided = await sql(`SELECT number FROM ledger WHERE reason = 'check: the volume was lost'`)
  expect(voided.split('\n')).toEqual(expect.arrayContaining([...lost.all, ...lostUnseen.all]))
  expect(await get(hosts.numbers, 'GET', '/api/v1/audit/verify')).toMatchObject({ fits: true })
  // The backup goes on, of the history that there is now.
  expect(await sql(`SELECT active FROM pg_replication_slots WHERE slot_name = 'backup'`)).toBe('t')
}, 400_000)
