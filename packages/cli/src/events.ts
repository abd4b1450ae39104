import type { DeadLetter, DeadLetterFilter, WaitingEvent } from '@ordinal/client'
import type { Command } from 'commander'
import { exitCodes } from './exit-codes'
import { asTheyCome, type FollowedList } from './follow'
import type { Output } from './output'
import type { Run } from './run'
import { firstOf, integer } from './values'

const defaultLimit = 50
const pageSize = 100

interface Options {
  limit?: number
  follow?: boolean
  type?: string
}

/** The commands about the events of orders: what waits in the outbox, and what could not be delivered. */
export function addEventCommands(program: Command, run: Run): void {
  const events = program.command('events').description('events of orders: waiting, dead, replay')
  const list = (name: string, description: string) =>
    events
      .command(name)
      .description(description)
      .option('--type <type>', 'only events of this type')
      .option('--limit <n>', `at most so many: ${defaultLimit} if not given, all with --follow`, integer)
      .option('--follow', 'go on with those that come, until Ctrl-C')

  list('waiting', 'list the events that wait for their delivery, the oldest first').action(
    run(async ({ ordinal, output }, { limit, follow, type }: Options) => {
      const columns = ['id', 'type', 'subject', 'consumer', 'attempts', 'due_at', 'created_at'] as const
      const read = (cursor?: string) => ordinal.events.waitingPage({ type, cursor, page_size: pageSize })
      const keyOf = ({ event, consumer }: WaitingEvent) => `${event.id} ${consumer}`
      // Positions are not in the order of commits: an event may come in front of some that were there.
      if (follow) return showAsTheyCome(output, { read, keyOf, isInOrder: false }, columns, limit)
      const most = limit ?? defaultLimit
      const page_size = Math.min(most, pageSize)
      await output.many(withNames(firstOf(most, ordinal.events.waiting({ type, page_size }))), columns)
    }),
  )
  list('dead', 'list the events that no attempt could deliver, and why, the oldest first')
    .option('--consumer <name>', 'only those that this consumer could not handle')
    .action(
      run(async ({ ordinal, output }, { limit, follow, ...filter }: Options & DeadLetterFilter) => {
        const columns = ['died_at', 'consumer', 'type', 'subject', 'attempts', 'reason'] as const
        const read = (cursor = '0') =>
          ordinal.events.deadLettersPage({ ...filter, cursor, page_size: pageSize })
        const keyOf = ({ id }: DeadLetter) => id
        if (follow) return showAsTheyCome(output, { read, keyOf, isInOrder: true }, columns, limit)
        const { total = 0 } = await ordinal.events.deadLettersPage({ ...filter, page_size: 1 })
        const most = limit ?? defaultLimit
        const letters = ordinal.events.deadLetters({ ...filter, page_size: Math.min(most, pageSize) })
        await output.many(withNames(firstOf(most, letters)), columns)
        if (total > most) output.line(`${total - most} more`)
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
      run(async ({ ordinal, output, screen, setExitCode }, which: DeadLetterFilter) => {
        const answer = await ordinal.events.replayDeadLettersOf(which)
        output.one(answer)
        if (which.id === undefined || answer.replayed > 0) return
        screen.write('There is no such dead letter: it has another id, or was replayed before\n')
        setExitCode(exitCodes.notFound)
      }),
    )
}

/** One at a time: a table would wait for the last. */
async function showAsTheyCome<Row extends WithEvent>(
  output: Output,
  list: FollowedList<Row>,
  columns: readonly (keyof Named<Row> & string)[],
  limit = Infinity,
): Promise<void> {
  for await (const row of withNames(firstOf(limit, asTheyCome(list)))) {
    output.line(
      columns
        .map((column) => row[column])
        .filter((value) => value !== null)
        .join('  '),
    )
    output.record(row)
  }
}

type Named<Row> = Row & { id: string | undefined; type: string | undefined; subject: string | undefined }
type WithEvent = { event: { id: string; type: string; subject: string } | null }

/** With what its event is about as columns. */
async function* withNames<Row extends WithEvent>(rows: AsyncIterable<Row>): AsyncGenerator<Named<Row>> {
  for await (const row of rows)
    yield { id: row.event?.id, type: row.event?.type, subject: row.event?.subject, ...row }
}
