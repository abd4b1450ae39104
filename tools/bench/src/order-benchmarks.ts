import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { measureEvents, printEvents, type EventsReport } from './events'
import { measureLists, printLists, type ListsReport } from './lists'
import { measureOrders, printOrders, type OrdersReport } from './orders'
import { openStage, root } from './stage'
import type { Thoroughness } from './thoroughness'

export const orderParts = ['orders', 'events', 'lists'] as const
type OrderPart = (typeof orderParts)[number]

export const isOrderPart = (name: string): name is OrderPart => orderParts.some((part) => part === name)

const thorough: Thoroughness = { seconds: 4, rounds: 3, events: 10_000, listed: 1_000_000 }
const quickly: Thoroughness = { seconds: 0.2, rounds: 1, events: 200, listed: 2_000 }

export interface OrderReport {
  at: string
  machine: { cpu: string; cores: number; node: string; postgres: string; fsync: string }
  settings: Thoroughness & { quick: boolean }
  orders?: OrdersReport
  events?: EventsReport
  lists?: ListsReport
}

/**
 * Measures the order service: the whole path of an order, events through the outbox, lists. Prints tables, and saves
 * all rounds as JSON.
 *
 * @param options.quick short turns, to see that it works: its figures mean nothing
 * @throws Error if an answer was not 2xx, or the databases do not hold what was answered
 */
export async function runOrderBenchmarks(
  parts: readonly OrderPart[],
  { quick }: { quick: boolean },
): Promise<void> {
  const settings = quick ? quickly : thorough
  const tell = (line: string) => process.stderr.write(`${line}\n`)
  tell('Starting PostgreSQL and the services.')
  const stage = await openStage()
  try {
    const report: OrderReport = {
      at: new Date().toISOString(),
      machine: {
        cpu: cpus()[0]?.model ?? 'unknown',
        cores: cpus().length,
        node: process.version,
        postgres: await stage.show('server_version'),
        fsync: await stage.show('fsync'),
      },
      settings: { ...settings, quick },
      ...(parts.includes('orders') && { orders: await measureOrders(stage, settings, tell) }),
      ...(parts.includes('events') && { events: await measureEvents(stage, settings, tell) }),
      ...(parts.includes('lists') && { lists: await measureLists(stage, settings, tell) }),
    }
    printOrderReport(report)
    mkdirSync(join(root, 'bench-results'), { recursive: true })
    const file = join('bench-results', `${report.at.replaceAll(':', '-')}-orders.json`)
    writeFileSync(join(root, file), `${JSON.stringify(report, null, 2)}\n`)
    console.log(`\nAll rounds: ${file}`)
  } finally {
    await stage.close()
  }
}

function printOrderReport({ machine, settings, orders, events, lists }: OrderReport): void {
  const { cpu, cores, node, postgres, fsync } = machine
  console.log(`\n${cpu}, ${cores} cores, all on it; Node ${node}, PostgreSQL ${postgres}, fsync ${fsync}`)
  console.log(`Medians of ${settings.rounds} rounds; turns of ${settings.seconds} s`)
  if (orders) printOrders(orders)
  if (events) printEvents(events, settings)
  if (lists) printLists(lists, settings)
}
