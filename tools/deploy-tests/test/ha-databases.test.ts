import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startTestPostgres, suiteNeeding, type TestPostgres } from '@ordinal/testing'
import { Client, escapeLiteral } from 'pg'
import { root } from '../src/chart'

const run = promisify(execFile)
// \getenv is of psql 14.
const version = Number(
  / (\d+)/.exec(spawnSync('psql', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1],
)
const withPsql = suiteNeeding('psql 14', version >= 14)

const password = `it's \\ "$HOME" :'x'`

withPsql('deploy/ha/start.sh databases', () => {
  let server: TestPostgres
  beforeAll(async () => {
    server = await startTestPostgres()
    await query(server.adminUrl, `ALTER ROLE postgres PASSWORD ${escapeLiteral(password)}`)
  })
  afterAll(() => server?.remove())

  const makeDatabases = () =>
    run(join(root, 'deploy/ha/start.sh'), ['databases'], {
      env: {
        PATH: process.env.PATH,
        BALANCER: server.host,
        PGPORT: String(server.port),
        PASSWORD: password,
      },
      timeout: 120_000,
    })

  const role = () =>
    query(
      server.url('postgres', 'postgres', password),
      `SELECT rolpassword, rolsuper FROM pg_authid WHERE rolname = 'ordinal'`,
    )

  test('makes the role with the password as it is, and its databases, and changes nothing when it is run again', async () => {
    await makeDatabases()
    const made = await role()
    expect(made).toMatchObject([{ rolsuper: false }])
    await makeDatabases()
    expect(await role()).toEqual(made)
    for (const database of ['userdb', 'orderdb', 'sequencerdb'])
      expect(
        await query(
          server.url(database, 'ordinal', password),
          `SELECT datdba::regrole::text AS owner FROM pg_database WHERE datname = current_database()`,
        ),
      ).toEqual([{ owner: 'ordinal' }])
  })
})

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}
