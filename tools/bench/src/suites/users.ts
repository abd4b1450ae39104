import { ratio, type Suite } from '../instrument/suite'
import { get, load, requireSuccess } from '../load'
import type { Contestant } from '../stage'

const connections = 64
const database = 'users_read'

/** Reading users by id, as orders do, beside a server that does nothing. */
export const users: Suite = {
  name: 'users',
  title: `Reading users by id, ${connections} connections`,
  counts: 'users',
  services: ['user-service'],

  async open(stage, { users }, tell) {
    const service = await stage.startOnDatabase('user-service', 'USER_SERVICE', database)
    const count = Math.ceil(users / 100)
    tell(`Filling a table with ${count.toLocaleString('en')} users.`)
    await stage.asAdmin(database, async (admin) => {
      await admin.query(
        `INSERT INTO users (email, name, age) SELECT 'u' || n || '@example.com', 'User', 30 FROM generate_series(1, $1::int) n`,
        [count],
      )
      await admin.query('VACUUM ANALYZE')
    })
    let asked = 0
    const nextUser = () => get(`/api/v1/users/${((asked += 1) % count) + 1}`)
    const competitor = (name: string, title: string, { port }: Contestant) => ({
      name,
      title,
      async turn(seconds: number) {
        const turn = await load([port], nextUser, connections, seconds)
        requireSuccess(title, turn)
        return turn
      },
    })
    return {
      competitors: [
        competitor('node', 'bare node:http, a constant', await stage.startConstant('node')),
        competitor('express', 'plain Express, a constant', await stage.startConstant('express')),
        competitor('service', 'GET /api/v1/users/{id}', service),
      ],
      comparisons: [
        ratio('GET /api/v1/users/{id}, against bare node:http', 'service', 'node', { must: 0.35, aim: 0.45 }),
        ratio('against plain Express', 'service', 'express'),
      ],
    }
  },
}
