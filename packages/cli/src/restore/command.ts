import { writeFileSync } from 'node:fs'
import { ProblemError, type Ordinal } from '@ordinal/client'
import { InvalidArgumentError, type Command } from 'commander'
import { again, usualAttempts } from '../again'
import { checkpointsOf } from '../checkpoints'
import { exitCodes } from '../exit-codes'
import type { Run } from '../run'
import { wholeFromZero } from '../values'
import { compareWith, readKnownFiles, readReferences, type Evidence } from './evidence'
import { checkByKeys, compareByService } from './kept-checkpoint'
import { readRestoredLedger } from './ledger'

interface Options {
  checkpoint?: string
  key?: string
  known: string[]
  orders: boolean
  ordersSequence: string[]
  references?: string
  plan?: string
  reason?: string
  margin?: number
}

// As sequencer --raise-counters takes it.
const mostMargin = 100_000

/** `ordinal restore-check`: what a restored ledger lacks, and a plan that keeps it from issuing numbers a second time. */
export function addRestoreCommand(program: Command, run: Run): void {
  program
    .command('restore-check')
    .description(
      'compare a restored ledger with what is known outside, and plan how far its counters are raised',
    )
    .option('--checkpoint <file>', 'the last checkpoint that was kept, or a log with it')
    .option('--key <file>', 'its public key, if the service has another one by now: a JWKS, or a PEM')
    .option('--known <file...>', 'an export, or rows of the feed, that somebody kept', [])
    .option('--no-orders', 'do not compare with the numbers of the order service')
    .option('--orders-sequence <prefix...>', 'the sequence of orders, or all that they had', ['ORD'])
    .option(
      '--references <file>',
      'the references of all orders in the database, those that were deleted too, while the order service is stopped: what numbers have none',
    )
    .option('--plan <file>', 'write what sequencer --raise-counters takes; needs --reason and --margin')
    .option('--reason <text>', 'why the ledger was restored, on record with each value that is skipped')
    .option(
      '--margin <n>',
      `how many values each counter skips above all that is known: ${mostMargin} at most`,
      marginOf,
    )
    .action(
      run(async ({ ordinal, output, screen, setExitCode }, options: Options) => {
        const { plan, reason, margin } = options
        if (plan !== undefined && (!reason || margin === undefined))
          throw new Error(
            '--plan needs --reason, and --margin: 0 only if nothing was issued after what is known',
          )
        const { checkpoint: file, key } = options
        if (key !== undefined && file === undefined) throw new Error('--key goes with --checkpoint')
        const kept = file === undefined ? undefined : { file, signed: checkpointsOf(file).at(-1)! }
        const checked = kept && key ? await checkByKeys(kept.signed, kept.file, key) : undefined
        const toldByService = kept && !checked ? await compareByService(ordinal, kept.signed, kept.file) : []
        // Before the ledger: an order that is placed meanwhile has a number that the ledger has. It is not among the references:
        // for those the order service is stopped.
        const evidence: Evidence = {
          highest: await readKnownFiles(options.known),
          orders: options.orders ? await readOrders(ordinal) : [],
          ...(options.references !== undefined && { references: await readReferences(options.references) }),
        }
        const isAboutOrders = options.orders || options.references !== undefined
        const ofOrders = isAboutOrders ? options.ordersSequence : []
        for (const prefix of ofOrders) await requireSequence(ordinal, prefix)
        const ledger = await again(usualAttempts, screen, () =>
          readRestoredLedger(ordinal, ofOrders, checked),
        )
        const { behind, missing, doubled, withoutOrder } = compareWith(ledger, evidence)
        const differences = [...toldByService, ...ledger.findings]
        const found = [behind, missing, doubled, withoutOrder, differences].flat().length
        output.record({
          complete: found === 0,
          counters: behind,
          orders_missing: missing,
          orders_doubled: doubled,
          ...(evidence.references && { numbers_without_order: withoutOrder }),
          checkpoint: differences.map(({ kind, detail }) => ({ kind, detail })),
        })
        for (const { prefix, period, last, known } of behind)
          output.line(
            `${[prefix, period].join(' ').trim()} ends at ${last}, and ${known} is known: ${known - last} values are missing`,
          )
        if (missing.length > 0)
          output.line(
            `${missing.length} orders have a number that the ledger lacks, such as ${missing.at(-1)!.number}`,
          )
        for (const { number, reference } of doubled.slice(0, 10))
          output.line(`${number} of the order ${reference} was issued a second time: settle which keeps it`)
        for (const { number, reference } of withoutOrder)
          output.line(`${number} was drawn with the key ${reference}, and no order has that reference`)
        for (const { detail } of differences) output.line(detail)
        if (plan !== undefined) {
          const numbers = missing.map(({ number }) => number)
          const counters = behind.map(({ prefix, period, known: value }) => ({ prefix, period, value }))
          const content = { type: 'ordinal-restore-plan-v1', reason, margin, counters, numbers }
          writeFileSync(plan, `${JSON.stringify(content, undefined, 2)}\n`)
          output.line(`The plan is in ${plan}: sequencer --raise-counters < ${plan}`)
          for (const line of whatElse(margin!, counters.length + numbers.length > 0)) output.line(line)
        }
        if (found > 0) setExitCode(exitCodes.found)
        else
          output.line(
            'The ledger has all that is known. What nobody outside knows of, it may lack: plan a margin',
          )
      }),
    )
}

/** What else carrying out a plan does; which counters that concerns only the ledger knows. */
const whatElse = (margin: number, namesSome: boolean): string[] => [
  ...(margin > 0
    ? [
        `It skips ${margin} values in each counter that it names, in each that was written to in the last 31 days of the ledger, and in each period from the day before the ledger ends to tomorrow, since time zones differ`,
      ]
    : []),
  ...(margin > 0 || namesSome ? ['What is free or reserved in the ledger becomes void'] : []),
]

function marginOf(text: string): number {
  const margin = wholeFromZero(text)
  if (margin > mostMargin) throw new InvalidArgumentError(`It is ${mostMargin} at most.`)
  return margin
}

async function readOrders(ordinal: Ordinal): Promise<Evidence['orders']> {
  const orders: Evidence['orders'] = []
  for await (const { reference, order_number: number } of ordinal.orders.list({ page_size: 100 }))
    if (number !== null) orders.push({ reference, number })
  return orders
}

/** One that there is not would have no numbers, and nothing would be found to be missing. */
async function requireSequence({ sequences }: Ordinal, prefix: string): Promise<void> {
  await sequences.get(prefix).catch((error: unknown) => {
    if (!(error instanceof ProblemError && error.status === 404)) throw error
    throw new Error(`There is no sequence ${prefix}: --orders-sequence names that of the orders`)
  })
}
