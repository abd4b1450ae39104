import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { removeEmbeddedPostgres } from '@ordinal/embedded-postgres'
import { root, type ListedService } from '../src/service'
import { runInShell, startMakeRun } from './make-run'
import { copyRepository, removeCopy, shellEnvironment } from '../src/repository-copy'
import { choosePorts } from './stack-ports'

// In a copy, which is thrown away: a service that nobody wants must not stand in the repository.
let copy: string
beforeAll(() => {
  copy = copyRepository()
  git('init', '--quiet')
  git('add', '--all')
  git('-c', 'user.name=test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '--message=before')
})
afterAll(() => removeCopy(copy))

const git = (...args: string[]) => execFileSync('git', args, { cwd: copy, encoding: 'utf8' })
const options = () => ({ cwd: copy, encoding: 'utf8', env: shellEnvironment(), maxBuffer: 2 ** 26 }) as const
const generate = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('npx', ['nx', 'generate', ...args], options())
  return { status, output: stdout + stderr }
}
/** Runs a program of a package; fails with all that it says. */
const run = (program: string, args: string[], folder = copy) =>
  promisify(execFile)(join(copy, 'node_modules/.bin', program), args, { ...options(), cwd: folder }).catch(
    ({ stdout, stderr }: { stdout: string; stderr: string }) => {
      throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`)
    },
  )
const runJest = (project: string, ...args: string[]) => run('jest', args, join(copy, project))
const service = ['@ordinal/generators:service', 'billing', '--resource=invoice', '--finish=false']
/** What somebody writes who uses the client: its first answer is lost on the way. */
const callsOfTheClient = `
import { createOrdinal, type Billing } from '../src'

const keys: (string | null)[] = []
const ordinal = createOrdinal({
  billing: process.argv[2],
  token: process.env.ORDINAL_TOKEN,
  onRequest: ({ headers }) => void keys.push(headers.get('Idempotency-Key')),
  async fetch(input, init) {
    const answer = await fetch(input, init)
    if (keys.length === 1) throw new TypeError('the connection broke')
    return answer
  },
})
const { invoices, creditNotes } = ordinal.billing
// @ts-expect-error: an invoice has a name
export const untyped = () => invoices.create({ title: 'None' })

const given: Billing.NewInvoice = { name: 'Of the client' }
const { id, version } = await invoices.create(given)
const retried = keys[0] !== null && keys[0] === keys[1]
const changed: Billing.Invoice = await invoices.update(id, { name: 'Changed' }, { ifVersion: version })
const listed: string[] = []
for await (const { name } of invoices.list({ page_size: 1 })) listed.push(name)
const note: Billing.CreditNote = await creditNotes.create({ name: 'A note' })
await creditNotes.delete(note.id)
const { pagination }: Billing.CreditNotePage = await creditNotes.page({ page: 1 })
const { service } = await ordinal.diagnostics.billing()
process.stdout.write(JSON.stringify({ retried, changed: changed.name, listed, notes: pagination.total, service }))
`

test('a dry run says what there would be, and changes nothing', () => {
  const { status, output } = generate(...service, '--dry-run')
  expect([status, output]).toEqual([0, expect.stringContaining('CREATE apps/billing/src/app.ts')])
  expect(output).not.toContain('swc-node')
  expect(git('status', '--porcelain')).toBe('')
})

test('a service, a resource in it and a library are made, each once', () => {
  expect(generate(...service)).toMatchObject({ status: 0 })
  // By its folder it is found, too.
  expect(generate('tools/generators:library', 'tax-rates')).toMatchObject({ status: 0 })
  // The last one builds, and writes what is made from the services.
  const resource = ['@ordinal/generators:endpoint', 'credit-note', '--service=billing']
  expect(generate(...resource)).toMatchObject({ status: 0 })

  git('add', '--all')
  const made = git('write-tree')
  const { status, output } = generate(...service)
  expect([status, output]).toEqual([1, expect.stringContaining('nothing is overwritten')])
  git('add', '--all')
  expect(git('write-tree')).toBe(made)
  writeFileSync(join(copy, 'packages/client/test/billing.ts'), callsOfTheClient)
}, 600_000)

test('they pass lint, types, format and tests, and so do the tests of all services', async () => {
  const folders = ['apps/billing', 'libs/tax-rates', 'packages/client', 'packages/cli']
  const changed = git('diff', '--cached', '--name-only', '--diff-filter=d').trim().split('\n')
  await Promise.all([
    (async () => {
      await run('eslint', ['--max-warnings=0', ...folders])
      for (const folder of folders) await run('tsc', ['--project', `${folder}/tsconfig.json`])
      await run('prettier', ['--check', '--ignore-unknown', ...changed])
      await runJest('tools/monitoring-tests', 'dashboards', 'promtool')
    })(),
    (async () => {
      await runJest('apps/billing')
      await runJest('libs/tax-rates')
      await runJest('packages/client', 'compatibility')
      // compose: the rest of it needs a repository of its own.
      await runJest('tools/system-tests', 'test/(services|links|compose)', '-t', '^(?!what the images)')
      await runJest('tools/system-tests', 'test/packages')
      // .env.example and the pages that are made from what the services say of themselves.
      await promisify(execFile)(process.execPath, ['dist/tools/generators/main.js', '--check'], options())
    })(),
  ])
}, 600_000)

test('the chart has it, with its policies, where helm and kubectl are installed', async () => {
  const programs = 'tools/deploy-tests/programs/node_modules'
  if (existsSync(join(root, programs))) symlinkSync(join(root, programs), join(copy, programs))
  const write = { ...options(), cwd: join(copy, 'tools/deploy-tests') }
  // As `make manifests` does; what is written then is compared, as all else of the chart.
  const env = { ...write.env, ORDINAL_WRITE_DEPLOY: '1' }
  await promisify(execFile)(join(copy, 'node_modules/.bin/jest'), ['test/written.test.ts'], { ...write, env })
  await runJest('tools/deploy-tests', 'written', 'values', 'objects')
  if (!existsSync(join(copy, programs))) return
  const policies = readFileSync(join(copy, 'deploy/kubernetes/network-policies.yaml'), 'utf8')
  for (const policy of ['ordinal-billing', 'ordinal-migrate-billing'])
    expect(policies).toContain(`name: ${policy}\n`)
}, 600_000)

test('make run starts it, and it answers from a database of its own', async () => {
  const services = JSON.parse(readFileSync(join(copy, 'services.json'), 'utf8')) as ListedService[]
  const listed = services.find(({ name }) => name === 'billing')!
  const ports = await choosePorts(copy, services)
  const stack = await startMakeRun(copy)
  try {
    const url = `http://localhost:${ports.of(listed.port)}`
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ checks: { database: 'up' } })
    for (const path of ['/api/v1/invoices', '/api/v1/credit-notes']) {
      const created = await fetch(url + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ name: 'The first' }),
      })
      const body = await created.json()
      expect([created.status, body]).toEqual([201, expect.objectContaining({ id: 1, name: 'The first' })])
      const read = await fetch(url + created.headers.get('location'))
      expect([read.status, await read.json()]).toEqual([200, body])
    }
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toContain('billing_invoices_created_total 1\n')

    const calls = join(copy, 'dist/calls.mjs')
    await run('esbuild', [
      'packages/client/test/billing.ts',
      '--bundle',
      '--format=esm',
      `--outfile=${calls}`,
    ])
    const env = {
      ...shellEnvironment(),
      ORDINAL_TOKEN: runInShell('make -s token ROLE=admin', copy).trim(),
      ...Object.fromEntries(
        services.map(({ client, port }) => [
          `ORDINAL_${client.toUpperCase()}_URL`,
          `http://localhost:${ports.of(port)}`,
        ]),
      ),
    }
    const { stdout } = await promisify(execFile)(process.execPath, [calls, url], { ...options(), env })
    expect(JSON.parse(stdout)).toEqual({
      retried: true,
      changed: 'Changed',
      listed: ['The first', 'Changed'],
      notes: 1,
      service: 'billing',
    })

    await promisify(execFile)(process.execPath, ['packages/cli/build.mjs'], options())
    const doctor = ['packages/cli/dist/main.js', '--json', 'doctor']
    const { stdout: said } = spawnSync(process.execPath, doctor, { ...options(), env })
    const { version } = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'))
    const found = JSON.parse(said) as { services: object[]; findings: { service: string; check: string }[] }
    expect(found.services).toContainEqual({ service: 'billing', version })
    expect(
      found.findings.filter(({ service, check }) => service === 'billing' && check === 'unseen'),
    ).toEqual([])
  } finally {
    await stack.end('SIGINT')
    await removeEmbeddedPostgres(join(copy, '.data/postgres'))
  }
}, 600_000)
