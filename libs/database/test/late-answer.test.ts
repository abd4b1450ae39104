import type { EventEmitter } from 'node:events'
import { createTestDatabase } from '@ordinal/testing'
import { DatabaseClient } from '../src/client'

test('an attempt that is given up while it computes its answer to the challenge disturbs no later one', async () => {
  const database = await createTestDatabase()
  const client = new DatabaseClient({ connectionString: database.url, connectionTimeoutMillis: 20_000 })
  const connectionOf = () => (client as unknown as { connection: EventEmitter }).connection
  const first = connectionOf()
  let challenges = 0
  first.once('authenticationSASLContinue', () => {
    challenges += 1
    // As on a machine that is busy: the time of the attempt is over before its answer is there.
    for (const end = performance.now() + 1_000; performance.now() < end;);
  })
  await client.connect()
  expect(challenges).toBe(1)
  expect(connectionOf()).not.toBe(first)
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await client.end()
  await database.drop()
})
