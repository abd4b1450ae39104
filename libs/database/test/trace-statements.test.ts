import { summaryOf } from '../src/trace-statements'

test.each([
  ['SELECT 1', 'SELECT', 'SELECT'],
  ['SELECT id FROM users WHERE id = $1', 'SELECT', 'SELECT users'],
  ['UPDATE orders SET status = $1', 'UPDATE', 'UPDATE orders'],
  [
    'INSERT INTO users (email, name)\n VALUES ($1, $2) ON CONFLICT DO UPDATE SET a = 1',
    'INSERT',
    'INSERT users',
  ],
  ['DELETE FROM outbox WHERE position = 1', 'DELETE', 'DELETE outbox'],
  [
    'WITH due AS (SELECT id FROM outbox FOR UPDATE SKIP LOCKED)\n UPDATE outbox SET a = 1',
    'UPDATE',
    'UPDATE outbox',
  ],
  ['WITH written AS (SELECT 1) SELECT replays FROM written', 'SELECT', 'SELECT written'],
  ['SELECT id FROM orders FOR UPDATE', 'SELECT', 'SELECT orders'],
  ['COMMIT', 'COMMIT', 'COMMIT'],
  ['select pg_sleep(1)', 'SELECT', 'SELECT'],
  ['', 'UNKNOWN', 'UNKNOWN'],
])('%j is %s, in short %s', (text, operation, summary) => {
  expect(summaryOf(text)).toEqual({ operation, summary })
})

test('a statement that has a name goes by it, and its values are not looked at', () => {
  const statement = { name: 'find_users', text: 'SELECT email FROM users WHERE id = $1', values: ['secret'] }
  expect(summaryOf(statement)).toEqual({ operation: 'SELECT', summary: 'find_users' })
})
