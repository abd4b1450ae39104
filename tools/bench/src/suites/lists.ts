import { duration, ratio, type Competitor, type Suite } from '../instrument/suite'
import { get, load, requireSuccess } from '../load'

const database = 'orders_listed'
const pageSize = 20

/**
 * How long a page of a long list takes, asked for one after another: the first and one near the end, by page number (which
 * also tells how many there are) and by cursor.
 */
export const lists: Suite = {
  name: 'lists',
  title: `Listing orders, ${pageSize} at a time, one caller`,
  counts: 'pages',
  services: ['order-service'],

  async open(stage, { listed }, tell) {
    const { port } = await stage.startOnDatabase('order-service', 'ORDER_SERVICE', database)
    tell(`Filling a list with ${listed.toLocaleString('en')} orders.`)
    await stage.asAdmin(database, async (admin) => {
      await admin.query(
        `INSERT INTO orders (reference, order_number, user_id, product_id, quantity, total_price, status)
         SELECT gen_random_uuid(), 'BENCH-' || n, n % 1000 + 1, 'PROD-' || n % 100, 1, 9.99, 'confirmed'
         FROM generate_series(1, $1::int) n`,
        [listed],
      )
      await admin.query('VACUUM ANALYZE')
    })

    const pathOf = (query: string) => `/api/v1/orders?page_size=${pageSize}&${query}`
    const nearTheEnd = Math.max(1, Math.floor(listed / pageSize) - 1)
    const first = pathOf('page=1')
    const deep = pathOf(`page=${nearTheEnd}`)
    const cursorAfter = async (path: string) => pathOf(`cursor=${await nextCursor(port, path)}`)
    const competitor = (name: string, title: string, path: string): Competitor =>
      pages(port, name, title, () => path)
    return {
      competitors: [
        competitor('first', 'the first page', first),
        competitor('status', 'the first page of a status', pathOf('page=1&status=confirmed')),
        competitor('user', 'the first page of a user', pathOf('page=1&user_id=7')),
        competitor('deep', `page ${nearTheEnd.toLocaleString('en')}`, deep),
        competitor('after_first', 'by cursor, after the first page', await cursorAfter(first)),
        competitor('after_deep', 'by cursor, after the deep page', await cursorAfter(deep)),
      ],
      comparisons: [
        duration('the first page, p50', 'first', 'p50Ms', { must: 5, aim: 2 }),
        ratio('the first page with its total, against by cursor', 'first', 'after_first'),
        ratio('by cursor, the end against the beginning', 'after_deep', 'after_first'),
      ],
    }
  },
}

/** Pages that one caller asks for, one after another. */
export const pages = (port: number, name: string, title: string, nextPath: () => string): Competitor => ({
  name,
  title,
  async turn(seconds) {
    const turn = await load([port], () => get(nextPath()), 1, seconds)
    requireSuccess(title, turn)
    return turn
  },
})

/** By which the page after this one is asked for. @throws Error if the answer names none */
async function nextCursor(port: number, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  const { pagination } = (await response.json()) as { pagination?: { next_cursor?: string | null } }
  const cursor = pagination?.next_cursor
  if (!cursor) throw new Error(`${path} names no next page`)
  return encodeURIComponent(cursor)
}
