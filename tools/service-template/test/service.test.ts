import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { grpcStatusOf } from '@ordinal/errors'
import {
  createTestDatabase,
  startProgram,
  startTestPostgres,
  until,
  type TestDatabase,
} from '@ordinal/testing'
import { testErrorTable } from '@ordinal/testing/error-table'
import { sampleServiceAccess } from '../src/access'
import { migrateSampleService } from '../src/app'
import { errorTable } from '../src/domain/errors'
import { configFor, setUp, startSampleService } from './sample-service'

testErrorTable(errorTable, grpcStatusOf)

test('each route that is served is in the table of access, but probes and documents', async () => {
  const running = await setUp()
  try {
    const { paths } = running.service.openApi as unknown as { paths: Record<string, object> }
    const served = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const open = served.filter((operation) => !(operation in sampleServiceAccess))
    expect(open.every((operation) => !operation.includes('/api/'))).toBe(true)
    expect(Object.keys(sampleServiceAccess).filter((operation) => !served.includes(operation))).toEqual([])
  } finally {
    await running.tearDown()
  }
})

test('while the database is away every call is 503, the metric says so, and afterwards all is as it was', async () => {
  const postgres = await startTestPostgres()
  await migrateSampleService(configFor(postgres.adminUrl))
  const { api, service, url } = await startSampleService({ url: postgres.adminUrl })
  const metrics = async () => (await fetch(`${url}/metrics`)).text()
  try {
    const root = '/api/v1/demo-widgets'
    const { body: created } = await api.post(root, { name: 'Kept' })
    const path = `${root}/${created.id}`
    expect(await metrics()).toMatch(/^sample_service_demo_widgets_created_total 1$/m)
    await postgres.kill9()

    const answers = [
      await api.get(path),
      await api.get(root),
      await api.post(root, { name: 'Lost' }),
      await api.patch(path, { name: 'Lost' }),
      await api.delete(path),
    ]
    for (const { status, headers, body } of answers)
      expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'database_unavailable', '1'])
    expect((await api.get('/health/ready')).status).toBe(503)
    expect(await metrics()).toMatch(/^sample_service_demo_widgets NaN$/im)

    await postgres.restart()
    await until(async () => (await api.get('/health/ready')).status === 200)
    expect((await api.get(path)).body).toEqual(created)
  } finally {
    await service.stop()
    await postgres.remove()
  }
})

describe('the bundle', () => {
  let database: TestDatabase
  let folder: string
  let program: ReturnType<typeof startProgram>

  beforeAll(async () => {
    database = await createTestDatabase()
    // Far from any node_modules, as it runs in production.
    folder = mkdtempSync(join(tmpdir(), 'ordinal-bundle-'))
    execFileSync(process.execPath, ['../../tools/build/src/bundle.mjs', folder], {
      cwd: join(__dirname, '..'),
    })
    program = startProgram([join(folder, 'main.js')], {
      SAMPLE_SERVICE_DATABASE_URL: database.url,
      SAMPLE_SERVICE_PORT: '0',
    })
  })
  afterAll(async () => {
    program.child.kill('SIGTERM')
    const { code } = await program.ended()
    await database.drop()
    rmSync(folder, { recursive: true })
    expect(code).toBe(0)
  })

  test('it migrates its database, answers from it, and is resident with less than 120 MB', async () => {
    const url = `http://127.0.0.1:${await program.port()}`
    const created = await fetch(`${url}/api/v1/demo-widgets`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'One' }),
    })
    expect(created.status).toBe(201)
    expect((await fetch(url + created.headers.get('location')!)).status).toBe(200)
    const residentMb = () =>
      Number(execFileSync('ps', ['-o', 'rss=', '-p', String(program.child.pid)]).toString()) / 1024
    await until(() => residentMb() < 120)
  })
})
