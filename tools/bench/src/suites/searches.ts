import { duration, ratio, type Suite } from '../instrument/suite'
import { pages } from './lists'

const database = 'users_searched'

/** How long a search among many users takes, asked for one after another; each time for another user where one is named. */
export const searches: Suite = {
  name: 'searches',
  title: 'Searching users by a part of name or address, 20 at a time, one caller',
  counts: 'searches',
  services: ['user-service'],

  async open(stage, { users }, tell) {
    const { port } = await stage.startOnDatabase('user-service', 'USER_SERVICE', database)
    tell(`Filling a table with ${users.toLocaleString('en')} users.`)
    await stage.asAdmin(database, async (admin) => {
      // Built anew when they are there, as by an upgrade: row by row it takes minutes.
      await admin.query('DROP INDEX users_search_idx')
      await admin.query(
        `INSERT INTO users (email, name, age)
         SELECT substr(md5('e' || n), 1, 8) || n || '@example.com',
           initcap(translate(substr(md5(n::text), 1, 7), '0123456789', 'ghijklmnop')) || ' '
             || initcap(translate(substr(md5('l' || n % 50000), 1, 9), '0123456789', 'qrstuvwxyz')), 30
         FROM generate_series(1, $1::int) n`,
        [users],
      )
      await admin.query(
        `CREATE INDEX users_search_idx ON users USING gin (name gin_trgm_ops, email gin_trgm_ops) WHERE deleted_at IS NULL`,
      )
      await admin.query('VACUUM ANALYZE')
    })
    const { rows } = await stage.asAdmin(database, (admin) =>
      admin.query<{ name: string; email: string }>(
        `SELECT upper(name) AS name, split_part(email, '@', 1) AS email FROM users
         WHERE id % greatest($1::int / 1000, 1) = 0 LIMIT 1000`,
        [users],
      ),
    )
    const searchFor = (text: string) => `/api/v1/users?search=${encodeURIComponent(text)}`
    let turn = 0
    const each = (column: 'name' | 'email') => () => searchFor(rows[(turn += 1) % rows.length]![column])
    return {
      competitors: [
        pages(port, 'name', 'a whole name, in capitals', each('name')),
        pages(port, 'address', 'the local part of an address', each('email')),
        pages(port, 'nobody', 'a text that nobody has', () => searchFor('no such user')),
        pages(
          port,
          'frequent',
          'a text that everybody has, by cursor',
          () => `${searchFor('example')}&cursor=0`,
        ),
        pages(port, 'counted', 'the same, by page: all are counted', () => searchFor('example')),
        pages(port, 'id', 'for comparison: a user by id', () => '/api/v1/users/1'),
      ],
      comparisons: [
        duration('by name, p50', 'name', 'p50Ms', { must: 10, aim: 3 }),
        duration('by address, p50', 'address', 'p50Ms', { must: 10, aim: 3 }),
        ratio('by name, against a user by id', 'name', 'id'),
        ratio('by address, against a user by id', 'address', 'id'),
      ],
    }
  },
}
