import type { DeadLetterFilter } from '@ordinal/client'
import type { Command } from 'commander'
import type { Run } from './run'
import { firstOf, integer } from './values'

/** The commands about the events of orders: what waits in the outbox, and what could not be delivered. */
export function addEventCommands(program: Command, run: Run): void {
  const events = program.command('events').description('events of orders: waiting, dead, replay')
  events
    .command('waiting')
    .description('list the events that wait for their delivery, the oldest first')
    .option('--type <type>', 'only events of this type')
    .option('--limit <n>', 'at most so many', integer, 50)
    .action(
      run(({ ordinal, output }, { limit, type }: { limit: number; type?: string }) => {
        const waiting = ordinal.events.waiting({ page_size: Math.min(limit, 100), type })
        return output.many(withNames(firstOf(limit, waiting)), [
          'id',
          'type',
          'subject',
          'consumer',
          'attempts',
          'due_at',
          'created_at',
        ])
      }),
    )
  events
    .command('dead')
    .description('list the events that no attempt could deliver, and why, the oldest first')
    .option('--consumer <name>', 'only those that this consumer could not handle')
    .option('--type <type>', 'only events of this type')
    .option('--limit <n>', 'at most so many', integer, 50)
    .action(
      run(async ({ ordinal, output }, { limit, ...filter }: { limit: number } & DeadLetterFilter) => {
        const { data, total } = await ordinal.events.deadLetters({ limit: Math.min(limit, 1000), ...filter })
        await output.many(withNames(data), ['died_at', 'consumer', 'type', 'subject', 'attempts', 'reason'])
        if (total > data.length) output.line(`${total - data.length} more`)
      }),
    )
  events
    .command('replay')
    .description(
      'deliver dead letters again, each to the consumer that could not handle it: all, if none are named',
    )
    .option('--id <id>', 'only the one with this id (events dead --json)')
    .option('--consumer <name>', 'only those that this consumer could not handle')
    .option('--type <type>', 'only events of this type')
    .action(
      run(async ({ ordinal, output }, which: DeadLetterFilter) =>
        output.one(await ordinal.events.replayDeadLettersOf(which)),
      ),
    )
}

type WithEvent = { event: { id: string; type: string; subject: string } | null }

/** With what its event is about as columns. */
async function* withNames<Row extends WithEvent>(rows: AsyncIterable<Row> | Iterable<Row>) {
  for await (const row of rows)
    yield { id: row.event?.id, type: row.event?.type, subject: row.event?.subject, ...row }
}
