import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { createUser, upTo } from '../src/calls'
import { query } from '../src/databases'
import { root } from '../src/service'
import { apiKey, startSystem, type System } from '../src/system'

const secret = 'a secret of this test, and of nothing else'
const program = join(root, 'packages/cli/dist/main.js')

let system: System
let home: string
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'ordinal-cli-'))
  system = await startSystem({ JWT_SECRET: secret })
})
afterAll(async () => {
  rmSync(home, { recursive: true })
  await system.stop()
})

const environment = () => ({
  PATH: process.env.PATH,
  HOME: home,
  ORDINAL_USERS_URL: system.users.url,
  ORDINAL_ORDERS_URL: system.orders.url,
  ORDINAL_SEQUENCER_URL: system.sequencer.url,
  ORDINAL_API_KEY: apiKey,
})

/** Runs the program as a shell does. */
function ordinal(line: string | string[], more: NodeJS.ProcessEnv = {}) {
  const args = typeof line === 'string' ? line.split(' ') : line
  return new Promise<{ code: number; out: string; err: string }>((resolve) =>
    execFile(
      process.execPath,
      [program, ...args],
      { env: { ...environment(), ...more } },
      (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    ),
  )
}
async function json(line: string | string[]) {
  const { out, err } = await ordinal(['--json', ...(typeof line === 'string' ? line.split(' ') : line)])
  if (err) throw new Error(err)
  return out
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text))
}

test('a number is previewed, issued, explained, given back, and is a gap then', async () => {
  const [preview] = await json('preview SG')
  const issued = await ordinal('next SG --client-id erp-system')
  expect(issued.out).toMatch(new RegExp(`^full_number +${preview.full_number}$`, 'm'))
  await json(['release', preview.full_number, '--reason', 'order cancelled'])
  const { out } = await ordinal(['history', preview.full_number])
  expect(out.split('\n')).toEqual([
    `${preview.full_number} of SG is free`,
    expect.stringMatching(/^revision +event +state +caller +client_id +reason +at$/),
    expect.stringMatching(/^1 +issue +issued +system-tests +erp-system +\d{4}-/),
    expect.stringMatching(/^2 +release +free +system-tests +order cancelled +\d{4}-/),
    '',
  ])
  expect(await json(['history', preview.full_number])).toEqual([
    expect.objectContaining({
      full_number: preview.full_number,
      prefix: 'SG',
      counter: preview.counter,
      state: 'free',
      history: [
        expect.objectContaining({ event: 'issue', client_id: 'erp-system' }),
        expect.objectContaining({ event: 'release', reason: 'order cancelled' }),
      ],
    }),
  ])
  expect(await json('gaps SG')).toEqual([
    expect.objectContaining({ full_number: preview.full_number, state: 'free' }),
  ])
})

test('the same key gives the same number, and several come together', async () => {
  const [[first], [again]] = [
    await json('next INV --key invoice-4711'),
    await json('next INV --key invoice-4711'),
  ]
  expect(again).toEqual(first)
  expect(await json('next INV --count 3')).toHaveLength(3)
})

test('a reserved number is confirmed', async () => {
  const [{ full_number, state }] = await json('next SG --hold 60')
  expect(state).toBe('reserved')
  expect(await json(['confirm', full_number])).toEqual([expect.objectContaining({ state: 'issued' })])
})

test('users and orders', async () => {
  const [user] = await json([
    'users',
    'create',
    '--email',
    'cli@example.com',
    '--name',
    'Ada Lovelace',
    '--age',
    '36',
  ])
  const [order] = await json(
    `orders place --user ${user.id} --product PROD-1 --quantity 2 --total 99.90 --key basket-1`,
  )
  expect(order).toMatchObject({
    user_id: user.id,
    total_price: 99.9,
    order_number: expect.stringMatching(/^ORD-/),
  })
  expect(await json(['orders', 'get', order.order_number])).toEqual([
    expect.objectContaining({ id: order.id }),
  ])
  const list = await ordinal(`orders list --user ${user.id}`)
  expect(list.out).toMatch(new RegExp(`^${order.id} +${order.order_number} `, 'm'))
  expect(await json(`orders list --user ${user.id}`)).toHaveLength(1)
  // It does not wait for its number.
  const waiting = await ordinal(`--json orders list --user ${user.id} --without-number`)
  expect(waiting).toEqual({ code: 0, out: '', err: '' })
  await ordinal(`orders set ${order.id} cancelled`)
  expect(await ordinal(`orders delete ${order.id}`)).toMatchObject({
    code: 0,
    out: `Order ${order.id} is deleted\n`,
  })
  expect((await ordinal(`users delete ${user.id}`)).code).toBe(0)
})

test('keys are made, rotated and revoked by an administrator', async () => {
  const token = await new SignJWT({ sub: 'anna', role: 'admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('10m')
    .sign(new TextEncoder().encode(secret))
  const anna = { ORDINAL_API_KEY: '', ORDINAL_TOKEN: token }
  const asAnna = async (line: string) => JSON.parse((await ordinal(`--json ${line}`, anna)).out)
  const draws = async (key: string) => (await ordinal('next SG', { ORDINAL_API_KEY: key })).code

  const { key, id } = await asAnna('keys create erp-system --scope numbers:issue:SG')
  expect(await draws(key)).toBe(0)
  expect((await ordinal('next INV', { ORDINAL_API_KEY: key })).code).toBe(4)
  const rotated = await asAnna(`keys rotate ${id} --overlap 600`)
  expect(rotated.replaces).toBe(id)
  expect([await draws(key), await draws(rotated.key)]).toEqual([0, 0])
  expect((await ordinal(`keys revoke ${id} --reason leaked`, anna)).out).toBe(`The key ${id} is revoked\n`)
  expect([await draws(key), await draws(rotated.key)]).toEqual([4, 0])
  const { out } = await ordinal('keys list', anna)
  expect(out).toMatch(new RegExp(`^${id} +erp-system +revoked `, 'm'))
  expect((await ordinal('keys list')).code).toBe(4)
})

test.each<[string, string, number, RegExp]>([
  ['a command that there is not', 'draw SG', 2, /unknown command 'draw'/],
  ['an option that is missing', 'release SG000001', 2, /--reason/],
  ['a value that is none', 'next SG --count many', 2, /whole number from 1 on/],
  ['a request that does not fit', 'next SG --business-date yesterday', 2, /business_date/],
  ['a text that leads to another path', 'orders get ..', 2, /^"\.\." is not an id, a number or a name/],
  ['a number that there is not', 'history SG999999', 3, /number_not_found/],
  ['a profile that there is not', '--profile nowhere next SG', 2, /no profile "nowhere"/],
  [
    'a service that is not there',
    '--timeout 1 status SG',
    6,
    // This port is one of those that fetch refuses.
    /bad port: fetch sends nothing to this one\nIs it running there\?/,
  ],
])('%s: %s ends with %i', async (_, line, code, says) => {
  const away = code === 6 ? { ORDINAL_SEQUENCER_URL: 'http://127.0.0.1:1' } : {}
  const ended = await ordinal(line, away)
  expect([ended.code, ended.out]).toEqual([code, ''])
  expect(ended.err).toMatch(says)
  expect(ended.err).not.toMatch(/ at .*:\d+:\d+/)
})

test('what the caller may not, and what things do not allow, have codes of their own', async () => {
  const [{ full_number }] = await json('next SG')
  expect(
    await ordinal(['release', full_number, '--reason', 'x'], { ORDINAL_API_KEY: 'a-wrong-key' }),
  ).toMatchObject({
    code: 4,
  })
  expect((await ordinal(['release', full_number, '--reason', 'x'])).code).toBe(0)
  expect((await ordinal(['confirm', full_number])).code).toBe(5)
})

test('a profile is kept for its user alone, and shows no secret', async () => {
  const bare = { ORDINAL_SEQUENCER_URL: '', ORDINAL_API_KEY: '' }
  const shown = await ordinal(`profile prod --sequencer ${system.sequencer.url} --api-key ${apiKey}`, bare)
  expect(shown.out).toContain('[secret]')
  expect(shown.out).not.toContain(apiKey)
  const file = join(home, '.config/ordinal/profiles.json')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(JSON.parse(readFileSync(file, 'utf8')).prod.apiKey).toBe(apiKey)
  expect((await ordinal('--profile prod status SG', bare)).code).toBe(0)
  // One that others made readable is no more when a secret comes into it.
  chmodSync(file, 0o644)
  await ordinal('profile prod --token hunter2', bare)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect((await ordinal('--profile constructor status SG', bare)).err).toContain('no profile "constructor"')
})

test('a terminal obeys nothing that a service, or somebody who answers in its place, says', async () => {
  const evil = '\u001b[31m\u0007\u009b31m\u202e'
  const problem = {
    title: evil,
    detail: evil,
    code: evil,
    request_id: evil,
    errors: [{ path: evil, message: evil }],
  }
  const server = createServer(({ url }, res) => {
    res.statusCode = url!.includes('/orders/') ? 404 : 200
    res.end(JSON.stringify(res.statusCode === 404 ? problem : { id: 1, name: evil, [evil]: evil }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const there = { ORDINAL_USERS_URL: address, ORDINAL_ORDERS_URL: address }
  for (const line of ['users get 1', 'orders get 1']) {
    const { out, err } = await ordinal(line, there)
    expect(out + err).toContain('\ufffd')
    expect((out + err).replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Cf}/u)
  }
  server.close()
})

test('tail shows what happens as it happens', async () => {
  const tail = spawn(process.execPath, [program, '--json', 'tail', '--limit', '2'], { env: environment() })
  let out = ''
  tail.stdout.on('data', (chunk) => (out += String(chunk)))
  const ended = once(tail, 'close')
  // One after the other: on a busy machine they take longer than a pause between two.
  let goOn = true
  const drawing = (async () => {
    while (goOn) await ordinal('next PO')
  })()
  try {
    expect(await ended).toEqual([0, null])
  } finally {
    goOn = false
    await drawing
  }
  const events = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(events.map(({ type }) => type)).toEqual(['issue', 'issue'])
})

test('verify says 0 for a ledger that fits, and 1 with what does not', async () => {
  expect((await ordinal('verify --sequence SG')).code).toBe(0)
  await query(
    system.databases.sequencer,
    `ALTER TABLE ledger DISABLE TRIGGER USER; UPDATE ledger SET client_id = 'nobody' WHERE prefix = 'SG' AND batch = 1; ALTER TABLE ledger ENABLE TRIGGER USER`,
  )
  const { code, out } = await ordinal('verify --sequence SG')
  expect(code).toBe(1)
  expect(out).toMatch(/^altered +SG /m)
})

test('a list ends quietly when nobody reads it any more', async () => {
  await Promise.all(upTo(3).map(() => createUser(system)))
  const shell = spawn(
    'bash',
    ['-c', `${process.execPath} ${program} --json users list | head -n 1; echo \${PIPESTATUS[0]}`],
    {
      env: environment(),
    },
  )
  let out = ''
  shell.stdout.on('data', (chunk) => (out += String(chunk)))
  await once(shell, 'close')
  expect(out.trimEnd().split('\n').at(-1)).toBe('0')
})

test('bash completes commands, and those below them', async () => {
  const { out: script } = await ordinal('completion bash')
  const complete = async (...words: string[]) => {
    const line = `${script}\nCOMP_WORDS=(${words.map((word) => `"${word}"`).join(' ')}); COMP_CWORD=${words.length - 1}; _ordinal; echo "\${COMPREPLY[@]}"`
    const shell = spawn('bash', ['-c', line])
    let out = ''
    shell.stdout.on('data', (chunk) => (out += String(chunk)))
    await once(shell, 'close')
    return out.trim()
  }
  expect(await complete('ordinal', 'ver')).toBe('verify')
  expect(await complete('ordinal', 'orders', 'pl')).toBe('place')
  for (const shell of ['zsh', 'fish']) expect((await ordinal(`completion ${shell}`)).out).toContain('place')
})
