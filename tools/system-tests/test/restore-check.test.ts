import { execFile } from 'node:child_process'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { ask, createUser, placeOrder } from '../src/calls'
import { query } from '../src/databases'
import { root } from '../src/service'
import { apiKey, startSystem, type System } from '../src/system'

const program = join(root, 'packages/cli/dist/main.js')
const newSigningKey = () =>
  String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
const signingKey = newSigningKey()

let system: System
let folder: string
let userId: number
let older: TestDatabase | undefined
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ordinal-restore-check-'))
  system = await startSystem({ SEQUENCER_SIGNING_KEY: signingKey })
  userId = await createUser(system)
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await system.sequencer.remove()
  // Its tables belong to roles that go with the other.
  await older?.drop()
  await system.stop()
})

/** Runs the program as a shell does. */
function ordinal(args: string[], sequencerUrl = system.sequencer.url) {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    ORDINAL_USERS_URL: system.users.url,
    ORDINAL_ORDERS_URL: system.orders.url,
    ORDINAL_SEQUENCER_URL: sequencerUrl,
    ORDINAL_API_KEY: apiKey,
  }
  return new Promise<{ code: number; out: string; err: string }>((resolve) =>
    execFile(process.execPath, [program, ...args], { env }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    ),
  )
}

const order = async () =>
  (await placeOrder(system, userId)).body as { id: number; reference: string; order_number: string }
const draw = async (prefix: string) =>
  (await ask(system.sequencer, 'POST', `/api/v1/next/${prefix}`)).body as { full_number: string }
const path = (name: string) => join(folder, name)
async function keepCheckpoint(name: string): Promise<string> {
  const { body } = await ask(system.sequencer, 'GET', '/api/v1/audit/checkpoints')
  writeFileSync(path(name), body.checkpoint as string)
  return path(name)
}
/** The public keys of the sequencer, and the id of the one that it has. */
async function keepKeys(name: string): Promise<{ file: string; kid: string }> {
  const { body } = await ask(system.sequencer, 'GET', '/api/v1/audit/keys')
  writeFileSync(path(name), JSON.stringify(body))
  return { file: path(name), kid: (body.keys as { kid: string }[])[0]!.kid }
}
async function keepExport(name: string): Promise<string> {
  expect(await ordinal(['export', path(name)])).toMatchObject({ code: 0 })
  return path(name)
}
const planArgs = () => ['--plan', path('plan.json'), '--reason', 'test', '--margin', '5']
const plan = () => JSON.parse(readFileSync(path('plan.json'), 'utf8')) as object

test('of a ledger that has everything nothing is said to be missing, and the plan is empty', async () => {
  await order()
  await order()
  await draw('SG')
  const known = await keepExport('known.ndjson')
  const kept = await keepCheckpoint('last.jws')
  // It may go on meanwhile.
  await order()
  const args = ['restore-check', '--known', known, '--checkpoint', kept, ...planArgs()]
  const checked = await ordinal(args)
  expect(checked).toMatchObject({ code: 0, err: '' })
  expect(checked.out).toMatch(
    /^The plan is in .*\nIt skips 5 values in each counter that .* to tomorrow, .*\nWhat is free or reserved .*\nThe ledger has all that is known\. /,
  )
  expect(plan()).toMatchObject({ counters: [], numbers: [] })
  const { code, out } = await ordinal(['--json', ...args])
  expect([code, JSON.parse(out)]).toEqual([
    0,
    { complete: true, counters: [], orders_missing: [], orders_doubled: [], checkpoint: [] },
  ])
})

test('a checkpoint is compared by a key that somebody kept, too: as a PEM, and whatever key the service has', async () => {
  const args = ['restore-check', '--no-orders', '--checkpoint', await keepCheckpoint('of-key-1.jws')]
  const pem = path('key-1.pem')
  writeFileSync(pem, createPublicKey(signingKey).export({ type: 'spki', format: 'pem' }))
  expect(await ordinal([...args, '--key', pem])).toMatchObject({ code: 0, err: '' })
  const { kid } = await keepKeys('keys-1.json')
  const other = path('key-2.pem')
  writeFileSync(other, createPublicKey(newSigningKey()).export({ type: 'spki', format: 'pem' }))
  const refused = await ordinal([...args, '--key', other])
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining(kid)])
  expect((await ordinal(['restore-check', '--key', pem])).err).toContain('--key goes with --checkpoint')
})

test('a restored order database: numbers of orders that it lacks are named, and not those of orders that were deleted', async () => {
  const [deleted, lost] = [await order(), await order()]
  expect((await ask(system.orders, 'DELETE', `/api/v1/orders/${deleted.id}`)).status).toBe(204)
  const rows = await query<{ reference: string }>(system.databases.orders, 'SELECT reference FROM orders')
  const references = rows.map(({ reference }) => reference).filter((each) => each !== lost.reference)
  writeFileSync(path('references'), `${references.join('\n')}\n`)
  const args = ['restore-check', '--no-orders', '--references', path('references')]
  const { code, out } = await ordinal(['--json', ...args])
  expect([code, JSON.parse(out)]).toMatchObject([
    1,
    {
      complete: false,
      numbers_without_order: [{ number: lost.order_number, reference: lost.reference }],
    },
  ])
  expect((await ordinal(args)).out).toContain(
    `${lost.order_number} was drawn with the key ${lost.reference}, and no order has that reference`,
  )
  writeFileSync(path('references'), `${[...references, lost.reference].join('\n')}\n`)
  expect(await ordinal(args)).toMatchObject({ code: 0, err: '' })
})

test('a sequence that there is not is refused: nothing of it could be missing', async () => {
  const { code, err } = await ordinal(['restore-check', '--orders-sequence', 'ORD', 'NONE'])
  expect([code, err]).toEqual([2, expect.stringContaining('There is no sequence NONE')])
})

test('an export without its counters is no evidence: the check fails', async () => {
  const proxy = createServer((request, response) => {
    const url = new URL(request.url!, system.sequencer.url)
    // No row is so late.
    if (url.pathname.endsWith('/export')) url.searchParams.set('from', '9999-01-01T00:00:00Z')
    void fetch(url, { headers: { 'X-API-Key': apiKey } }).then(({ status, headers, body }) => {
      response.writeHead(status, { 'Content-Type': headers.get('content-type')! })
      return pipeline(body!, response)
    })
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const { port } = proxy.address() as AddressInfo
  const { code, out, err } = await ordinal(['restore-check', '--no-orders'], `http://127.0.0.1:${port}`)
  proxy.close()
  expect([code, out, err]).toEqual([2, '', expect.stringContaining('its export has no counters')])
})

test('a restored ledger: what it lacks is named, and a number that another key drew since is doubled', async () => {
  // A copy as of now, and what only the other one has.
  const { adminUrl, environment } = system.databases.sequencer
  await system.sequencer.end()
  older = await createTestDatabase({ template: new URL(adminUrl).pathname.slice(1) })
  await system.sequencer.start()
  const doubled = await order()
  const missing = await order()
  await draw('SG')
  const known = await keepExport('known-later.ndjson')
  const kept = await keepCheckpoint('of-key-1.jws')
  const keys = await keepKeys('keys-1.json')

  await system.sequencer.end()
  const inCopy = (url: string) => Object.assign(new URL(url), { pathname: older!.name }).href
  system.sequencer.configure(
    Object.fromEntries(Object.entries(environment).map(([name, url]) => [name, inCopy(url)])),
  )
  // Its key was replaced since, too.
  system.sequencer.configure({ SEQUENCER_SIGNING_KEY: newSigningKey() })
  await system.sequencer.start()
  const again = await draw('ORD')
  expect(again.full_number).toBe(doubled.order_number)

  const named = ({ reference, order_number: number }: typeof missing) => ({ reference, number })
  const args = ['restore-check', '--known', known, ...planArgs()]
  const { code, out } = await ordinal(['--json', ...args])
  expect([code, JSON.parse(out)]).toEqual([
    1,
    {
      complete: false,
      counters: [
        { prefix: 'ORD', period: expect.any(String), last: 6, known: 7 },
        { prefix: 'SG', period: expect.any(String), last: 1, known: 2 },
      ],
      orders_missing: [named(missing)],
      orders_doubled: [named(doubled)],
      checkpoint: [],
    },
  ])
  expect(plan()).toMatchObject({ numbers: [missing.order_number] })
  const told = await ordinal(['restore-check'])
  expect(told).toMatchObject({ code: 1, err: '' })
  expect(told.out).toContain(
    `${doubled.order_number} of the order ${doubled.reference} was issued a second time`,
  )

  const byCheckpoint = ['--json', 'restore-check', '--no-orders', '--checkpoint', kept]
  const refused = await ordinal(byCheckpoint)
  expect([refused.code, refused.out]).toEqual([2, ''])
  expect(refused.err).toContain(`Give the public key ${keys.kid} with --key`)
  const compared = await ordinal([...byCheckpoint, '--key', keys.file])
  expect([compared.code, compared.err]).toEqual([1, ''])
  const { checkpoint } = JSON.parse(compared.out) as { checkpoint: { kind: string; detail: string }[] }
  for (const prefix of ['SG', 'ORD'])
    expect(checkpoint).toContainEqual({ kind: 'tail_cut', detail: expect.stringContaining(prefix) })
})
