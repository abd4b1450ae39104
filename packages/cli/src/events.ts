import type { DeadLetterFilter } from '@ordinal/client'
import type { Command } from 'commander'
import { exitCodes } from './exit-codes'
import { asTheyCome } from './follow'
import type { Output } from './output'
import type { Run } from './run'
import { firstOf, integer } from './values'

// As many as the service gives of dead letters at once.
const mostFollowed = 1000
const shownAtOnce = 50

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
      .option('--limit <n>', `at most so many: ${shownAtOnce} if not given, all with --follow`, integer)
      .option('--follow', `go on with those that come, until Ctrl-C, among the ${mostFollowed} oldest`)

  list('waiting', 'list the events that wait for their delivery, the oldest first').action(
    run(async ({ ordinal, output }, { limit, follow, type }: Options) => {
      const columns = ['id', 'type', 'subject', 'consumer', 'attempts', 'due_at', 'created_at'] as const
      const read = (most: number) =>
        withNames(firstOf(most, ordinal.events.waiting({ page_size: Math.min(most, 100), type })))
      if (follow) await showAsTheyCome(output, () => read(mostFollowed), columns, limit)
      else await output.many(read(limit ?? shownAtOnce), columns)
    }),
  )
  list('dead', 'list the events that no attempt could deliver, and why, the oldest first')
    .option('--consumer <name>', 'only those that this consumer could not handle')
    .action(
      run(async ({ ordinal, output, screen }, { limit, follow, ...filter }: Options & DeadLetterFilter) => {
        const columns = ['died_at', 'consumer', 'type', 'subject', 'attempts', 'reason'] as const
        const read = (most: number) =>
          ordinal.events.deadLetters({ limit: Math.min(most, mostFollowed), ...filter })
        if (follow) {
          let beyond = 0
          const all = async () => {
            const { data, total } = await read(mostFollowed)
            const before = beyond
            // Between the two readings others may have come.
            beyond = data.length < mostFollowed ? 0 : total - data.length
            if (before === 0 && beyond > 0)
              screen.write(
                `${beyond} more and those that come now are shown when some of the ${mostFollowed} oldest are replayed\n`,
              )
            return withNames(data)
          }
          return showAsTheyCome(output, all, columns, limit)
        }
        const { data, total } = await read(limit ?? shownAtOnce)
        await output.many(withNames(data), columns)
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
async function showAsTheyCome<Row extends Named>(
  output: Output,
  read: () => AsyncIterable<Row> | Promise<AsyncIterable<Row>>,
  columns: readonly (keyof Row & string)[],
  limit = Infinity,
): Promise<void> {
  const coming = asTheyCome(read, ({ id, consumer, died_at }) => [id, consumer, died_at].join(' '))
  for await (const row of firstOf(limit, coming)) {
    output.line(
      columns
        .map((column) => row[column])
        .filter((value) => value !== null)
        .join('  '),
    )
    output.record(row)
  }
}

interface Named {
  id: string | undefined
  consumer?: string | null
  died_at?: string
}
type WithEvent = { event: { id: string; type: string; subject: string } | null }

/** With what its event is about as columns. */
async function* withNames<Row extends WithEvent>(rows: AsyncIterable<Row> | Iterable<Row>) {
  for await (const row of rows)
    yield { id: row.event?.id, type: row.event?.type, subject: row.event?.subject, ...row }
}
