import type { Command } from 'commander'
import type { Run } from './run'
import { firstOf, integer } from './values'

const steps = ['revision', 'event', 'state', 'caller', 'client_id', 'reason', 'at']

/** The commands about numbers, their ledger and its proofs. */
export function addNumberCommands(program: Command, run: Run): void {
  program
    .command('next <sequence>')
    .description('issue the next number, or reserve it')
    .option('--client-id <name>', 'the system that asks, on record')
    .option('--generated-by <name>', 'the person or job that it asks for, on record')
    .option('--business-date <date>', "the document's date, as 2026-11-29")
    .option(
      '--hold <seconds>',
      'reserve: without a confirmation within so many seconds it is released',
      integer,
    )
    .option('--count <n>', 'several at once: all or none', integer)
    .option('--key <key>', 'the same key gives the same number again')
    .action(
      run(async ({ ordinal, output }, sequence: string, options: NextOptions) => {
        const request = {
          client_id: options.clientId,
          generated_by: options.generatedBy,
          business_date: options.businessDate,
          hold_seconds: options.hold,
        }
        const numbers = await ordinal.numbers.nextBatch(sequence, options.count ?? 1, request, {
          idempotencyKey: options.key,
        })
        if (options.count === undefined) output.one(numbers[0]!)
        else await output.many(numbers, ['full_number', 'counter', 'period', 'state'])
      }),
    )

  program
    .command('preview <sequence>')
    .description('show the number that would come next')
    .option('--business-date <date>', 'for a document of that date')
    .action(
      run(async ({ ordinal, output }, sequence: string, { businessDate }: { businessDate?: string }) =>
        output.one(await ordinal.numbers.preview(sequence, { business_date: businessDate })),
      ),
    )

  program
    .command('status <sequence>')
    .description('show where a sequence is')
    .action(
      run(async ({ ordinal, output }, sequence: string) =>
        output.one(await ordinal.numbers.status(sequence)),
      ),
    )

  program
    .command('history <number>')
    .description('show every step of a number')
    .option('--sequence <prefix>', 'its sequence, where several have issued such a number')
    .action(
      run(async ({ ordinal, output }, number: string, { sequence }: InSequence) => {
        const found = await ordinal.numbers.get(number, { prefix: sequence })
        const { full_number, prefix, state, history } = found
        await output.detail(found, `${full_number} of ${prefix} is ${state}`, history, steps)
      }),
    )

  program
    .command('gaps <sequence>')
    .description('list the values that no document has, and why')
    .option('--period <period>', 'only of this period')
    .action(
      run(({ ordinal, output }, sequence: string, { period }: { period?: string }) =>
        output.many(ordinal.numbers.gaps(sequence, { period }), [
          'full_number',
          'counter',
          'state',
          'event',
          'reason',
          'at',
        ]),
      ),
    )

  program
    .command('confirm <number>')
    .description('make a reserved number an issued one')
    .option('--sequence <prefix>', 'its sequence, where several have issued such a number')
    .action(
      run(async ({ ordinal, output }, number: string, { sequence }: InSequence) =>
        output.one(await ordinal.numbers.confirm(number, { prefix: sequence })),
      ),
    )

  for (const [name, does] of [
    ['release', 'give a number back: it is issued again, or becomes void, as its rules say'],
    ['void', 'make a number void, for ever'],
  ] as const)
    program
      .command(`${name} <number>`)
      .description(does)
      .requiredOption('--reason <text>', 'why: it stays on record')
      .option('--sequence <prefix>', 'its sequence, where several have issued such a number')
      .action(
        run(
          async (
            { ordinal, output },
            number: string,
            { reason, sequence }: InSequence & { reason: string },
          ) => output.one(await ordinal.numbers[name](number, { reason, prefix: sequence })),
        ),
      )

  program
    .command('sequences')
    .description('list the sequences and their rules')
    .action(
      run(({ ordinal, output }) =>
        output.many(ordinal.sequences.list(), [
          'prefix',
          'template',
          'reset',
          'gap_policy',
          'start',
          'end',
          'version',
          'active',
        ]),
      ),
    )

  program
    .command('audit')
    .description('list the steps of numbers, the newest first')
    .option('--sequence <prefix>', 'only of this sequence')
    .option('--number <number>', 'only to this number')
    .option('--client-id <name>', 'only for this client')
    .option('--limit <n>', 'at most so many', integer, 50)
    .action(
      run(({ ordinal, output }, { sequence, number, clientId, limit }: AuditOptions) => {
        const filter = { prefix: sequence, number, client_id: clientId, page_size: Math.min(limit, 100) }
        return output.many(firstOf(limit, ordinal.audit.list(filter)), ['number', ...steps])
      }),
    )

  program
    .command('tail')
    .description('follow the steps of numbers as they happen, until Ctrl-C')
    .option('--after <id>', 'go on after that event')
    .option('--limit <n>', 'end after so many', integer)
    .action(
      run(async ({ ordinal, output }, { after, limit = Infinity }: { after?: string; limit?: number }) => {
        let left = limit
        for await (const { id, type, data } of ordinal.stream({ lastEventId: after })) {
          if (type === 'stats') continue
          const event = data as Record<string, unknown>
          // One at a time: a table would wait for the last.
          output.line(
            [event.at, type, event.prefix, event.first_number, event.last_number].filter(Boolean).join('  '),
          )
          output.record({ id, type, data })
          if (--left <= 0) return
        }
      }),
    )
}

interface NextOptions {
  clientId?: string
  generatedBy?: string
  businessDate?: string
  hold?: number
  count?: number
  key?: string
}
interface InSequence {
  sequence?: string
}
interface AuditOptions extends InSequence {
  number?: string
  clientId?: string
  limit: number
}
