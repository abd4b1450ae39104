import { get, load, requireSuccess, type Load } from './load'
import { median, row } from './report'
import type { Stage } from './stage'
import type { Thoroughness } from './thoroughness'

const database = 'orders_listed'
const pageSize = 20

export interface ListsReport {
  pages: { name: string; title: string; rounds: Load[] }[]
  /** Why a page is missing. */
  notMeasured: string[]
}

/**
 * How long a page of a long list takes, asked for one after another: the first and one near the end, by page number
 * (which also counts all) and by cursor.
 *
 * @throws Error if an answer was not 200
 */
export async function measureLists(
  stage: Stage,
  { listed, seconds, rounds }: Thoroughness,
  tell: (line: string) => void,
): Promise<ListsReport> {
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

  const list = (query: string) => `/api/v1/orders?page_size=${pageSize}&${query}`
  const nearTheEnd = Math.max(1, Math.floor(listed / pageSize) - 1)
  const first = list('page=1')
  const deep = list(`page=${nearTheEnd}`)
  const pages = [
    { name: 'first', title: 'the first page', path: first },
    { name: 'deep', title: `page ${nearTheEnd.toLocaleString('en')}`, path: deep },
  ]
  const notMeasured: string[] = []
  for (const [name, title, before] of [
    ['after_first', 'by cursor, after the first page', first],
    ['after_deep', 'by cursor, after the deep page', deep],
  ] as const) {
    const cursor = await cursorAfter(port, before)
    if (cursor === undefined) notMeasured.push(title)
    else pages.push({ name, title, path: list(`cursor=${encodeURIComponent(cursor)}`) })
  }

  const report = pages.map(({ name, title }) => ({ name, title, rounds: [] as Load[] }))
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { title, path }] of pages.entries()) {
      tell(round === 0 ? `Warming up: ${title}` : `Round ${round} of ${rounds}: ${title}`)
      const turn = await load([port], () => get(path), 1, round === 0 ? Math.min(1, seconds) : seconds)
      requireSuccess(title, turn)
      if (round > 0) report[index]!.rounds.push(turn)
    }
  }
  return { pages: report, notMeasured }
}

export function printLists({ pages, notMeasured }: ListsReport, { listed }: Thoroughness): void {
  console.log(`\nListing ${listed.toLocaleString('en')} orders, ${pageSize} at a time, one caller`)
  console.log(row('', 'p50 ms', 'p99 ms'))
  for (const { title, rounds } of pages) {
    const { p50Ms, p99Ms } = median(rounds)
    console.log(row(title, p50Ms.toFixed(2), p99Ms.toFixed(2)))
  }
  for (const title of notMeasured) console.log(row(title, 'not measured: the answer has no cursor'))
}

/** By which the page after this one is asked for; undefined if the answer names none. */
async function cursorAfter(port: number, path: string): Promise<string | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  const { pagination } = (await response.json()) as { pagination?: { next_cursor?: string | null } }
  return pagination?.next_cursor ?? undefined
}
