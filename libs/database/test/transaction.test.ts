import { setTimeout as sleep } from 'node:timers/promises'
import { deadlineIn } from '@ordinal/deadline'
import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import type { Pool } from 'pg'
import { CommitUnknownError, databaseErrorOf, runAlone, transaction, type Queryable } from '../src'
import { backendPids, openPool } from './open-pool'

let database: TestDatabase
let pool: Pool

beforeAll(async () => {
  database = await createTestDatabase()
  pool = openPool(database.url)
  await pool.query(`
    CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL);
    CREATE TABLE notes (id int PRIMARY KEY, account int REFERENCES accounts DEFERRABLE INITIALLY DEFERRED)`)
})
beforeEach(() => pool.query('TRUNCATE accounts, notes; INSERT INTO accounts VALUES (1, 0), (2, 0)'))
afterAll(async () => {
  await pool.end()
  await database.drop()
})

const balances = async () => {
  const { rows } = await pool.query<{ balance: number }>('SELECT balance FROM accounts ORDER BY id')
  return rows.map(({ balance }) => balance)
}
const add = (db: Queryable, id: number) =>
  db.query('UPDATE accounts SET balance = balance + 1 WHERE id = $1', [id])

test('commits, and gives what the work gave', async () => {
  const given = await transaction(pool, async (tx) => {
    await add(tx, 1)
    return 'done'
  })
  expect(given).toBe('done')
  expect(await balances()).toEqual([1, 0])
})

test('rolls back on any error, and the connection serves on', async () => {
  const before = await backendPids(pool)
  const work = async (tx: Queryable) => {
    await add(tx, 1)
    throw new Error('no')
  }
  await expect(transaction(pool, work)).rejects.toThrow('no')
  await expect(transaction(pool, (tx) => tx.query('SELECT nothing'))).rejects.toMatchObject({ code: '42703' })
  expect(await balances()).toEqual([0, 0])
  expect(await backendPids(pool)).toEqual(before)
})

test('a swallowed error is no commit', async () => {
  const work = async (tx: Queryable) => {
    await add(tx, 1)
    await tx.query('INSERT INTO accounts VALUES (1, 0)').catch(() => {})
  }
  await expect(transaction(pool, work)).rejects.toThrow('Rolled back: an error of a statement was swallowed')
  expect(await balances()).toEqual([0, 0])
})

test('an error that COMMIT itself finds is a plain error, not an unknown outcome', async () => {
  const error: unknown = await transaction(pool, (tx) => tx.query('INSERT INTO notes VALUES (1, 99)')).catch(
    (error: unknown) => error,
  )
  expect(databaseErrorOf(error)?.kind).toBe('foreign_key_violation')
})

test('a query that outlives its transaction is refused', async () => {
  let late: Queryable | undefined
  await transaction(pool, (tx) => Promise.resolve((late = tx)))
  await expect(add(late!, 1)).rejects.toThrow('The transaction is over')
  expect(await balances()).toEqual([0, 0])
})

describe('retries', () => {
  const concurrently = (attempts: number | undefined, work: (tx: Queryable) => Promise<unknown>) =>
    Promise.allSettled(
      Array.from({ length: 4 }, () => transaction(pool, work, { isolation: 'serializable', attempts })),
    )
  /** Work of four at once: none writes before all have read. */
  function readThenWrite() {
    let runs = 0
    let allHaveRead = () => {}
    const meeting = new Promise<void>((resolve) => (allHaveRead = resolve))
    const work = async (tx: Queryable) => {
      const { rows } = await tx.query<{ balance: number }>('SELECT balance FROM accounts WHERE id = 1')
      if (++runs === 4) allHaveRead()
      await meeting
      await tx.query('UPDATE accounts SET balance = $1 WHERE id = 1', [rows[0]!.balance + 1])
    }
    return { work, runs: () => runs }
  }

  test('serialization failures run again until all have succeeded', async () => {
    const { work, runs } = readThenWrite()
    const results = await concurrently(20, work)
    expect(results.map(({ status }) => status)).toEqual(Array(4).fill('fulfilled'))
    expect(await balances()).toEqual([4, 0])
    expect(runs()).toBeGreaterThan(4)
  })

  test('control: without retries some fail', async () => {
    const { work, runs } = readThenWrite()
    const results = await concurrently(1, work)
    const kinds = results.map(
      (result) => result.status === 'rejected' && databaseErrorOf(result.reason)?.kind,
    )
    expect(kinds).toContain('serialization_failure')
    expect(runs()).toBe(4)
  })

  /** Two transactions that lock two rows in opposite orders, each once the other has its first. */
  const crossed = async (attempts?: number) => {
    let runs = 0
    let bothHoldOne = () => {}
    const meeting = new Promise<void>((resolve) => (bothHoldOne = resolve))
    const lockBoth = (first: number, second: number) => async (tx: Queryable) => {
      await add(tx, first)
      if (++runs === 2) bothHoldOne()
      await meeting
      await add(tx, second)
    }
    const results = await Promise.allSettled([
      transaction(pool, lockBoth(1, 2), { attempts }),
      transaction(pool, lockBoth(2, 1), { attempts }),
    ])
    return { results, runs }
  }

  test('a deadlock runs again', async () => {
    const { results, runs } = await crossed()
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(await balances()).toEqual([2, 2])
    expect(runs).toBe(3)
  })

  test('control: without retries one of the two fails', async () => {
    const { results } = await crossed(1)
    const failed = results.find((result) => result.status === 'rejected')
    expect(databaseErrorOf(failed?.reason)).toMatchObject({ kind: 'deadlock', retryable: true })
  })

  test('are bounded, and other errors are not tried again', async () => {
    let runs = 0
    const raise = (code: string) => (tx: Queryable) => {
      runs++
      return tx.query(`DO $$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '${code}'; END $$`)
    }
    await expect(transaction(pool, raise('40001'), { attempts: 3 })).rejects.toMatchObject({ code: '40001' })
    expect(runs).toBe(3)
    await expect(transaction(pool, raise('23505'))).rejects.toMatchObject({ code: '23505' })
    expect(runs).toBe(4)
  })

  test('a statement that is its own transaction runs again, too', async () => {
    await pool.query('CREATE SEQUENCE runs')
    const failing = (code: string, times: number) => ({
      text: `DO $$ BEGIN
        IF nextval('runs') <= ${times} THEN RAISE EXCEPTION 'as told' USING ERRCODE = '${code}'; END IF;
        UPDATE accounts SET balance = balance + 1;
      END $$`,
    })
    await runAlone(pool, failing('40P01', 2))
    expect(await balances()).toEqual([1, 1])
    await expect(runAlone(pool, failing('40001', 100), { attempts: 2 })).rejects.toMatchObject({
      code: '40001',
    })
    const { rows } = await pool.query<{ runs: number }>(`SELECT nextval('runs') AS runs`)
    expect(rows[0]!.runs).toBe(6)
  })
})

describe('a deadline', () => {
  test('that passes while a lock is waited for destroys the connection, and with it the transaction', async () => {
    const statementTimeoutMs = 60_000
    const patient = openPool(database.url, { statementTimeoutMs, useTimeoutMs: 60_000 })
    const holder = await pool.connect()
    await holder.query('BEGIN; UPDATE accounts SET balance = 10 WHERE id = 2')
    const start = Date.now()
    const work = async (tx: Queryable) => {
      await add(tx, 1)
      await add(tx, 2)
    }
    const deadline = deadlineIn(200)
    await expect(transaction(patient, work, { deadline })).rejects.toMatchObject({
      code: 'deadline_exceeded',
    })
    expect(Date.now() - start).toBeLessThan(statementTimeoutMs / 2)
    // The backend finds its client gone within a second, and not only when its statement may run no longer.
    await patient.query(`SELECT balance FROM accounts WHERE id = 1 FOR UPDATE`)
    expect(Date.now() - start).toBeLessThan(statementTimeoutMs / 2)
    await holder.query('ROLLBACK')
    holder.release()
    await patient.end()
    expect(await balances()).toEqual([0, 0])
  })

  test('that passes while a connection is waited for gives the connection back when it comes', async () => {
    const single = openPool(database.url, { maxConnections: 1 })
    const holder = await single.connect()
    const deadline = deadlineIn(100)
    const work = jest.fn()
    await expect(transaction(single, work, { deadline })).rejects.toMatchObject({ code: 'deadline_exceeded' })
    holder.release()
    await expect(single.query('SELECT 1')).resolves.toBeDefined()
    expect(work).not.toHaveBeenCalled()
    await single.end()
  })

  test('that has passed starts nothing', async () => {
    const work = jest.fn()
    const deadline = deadlineIn(0)
    await expect(transaction(pool, work, { deadline })).rejects.toMatchObject({ code: 'deadline_exceeded' })
    expect(work).not.toHaveBeenCalled()
  })

  test('of a caller that has disconnected starts nothing', async () => {
    const work = jest.fn()
    const deadline = deadlineIn(60_000, () => AbortSignal.abort())
    await expect(transaction(pool, work, { deadline })).rejects.toMatchObject({ code: 'caller_gone' })
    expect(work).not.toHaveBeenCalled()
  })
})

test('a backend that dies before COMMIT is sent is no unknown outcome', async () => {
  const work = async (tx: Queryable) => {
    const { rows } = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    await add(tx, 1)
    await pool.query('SELECT pg_terminate_backend($1, 60000)', [rows[0]!.pid])
    await sleep(50)
  }
  const error: unknown = await transaction(pool, work).catch((error: unknown) => error)
  expect(error).not.toBeInstanceOf(CommitUnknownError)
  expect(databaseErrorOf(error)).toMatchObject({ kind: 'connection_lost', sqlState: '57P01' })
  expect(await balances()).toEqual([0, 0])
})
