import { databaseUrlOf } from '@ordinal/config'
import { createPool } from '@ordinal/database'
import { firstDeadLetter, openDeadLetters, type DeadLetters } from '@ordinal/events'
import { createLogger } from '@ordinal/logging'
import { redisSettingsOf, type EventConfig } from './settings'

const readAtOnce = 500
const limitMs = 60_000

/** The dead letters, oldest first: a line of JSON for each. */
export const listDeadLetters = (config: EventConfig) =>
  withDeadLetters(config, async function* (deadLetters) {
    for (let after = firstDeadLetter, isEnd = false; !isEnd;) {
      const letters = await deadLetters.list(readAtOnce, {}, after)
      for (const { place, diedAt, ...letter } of letters) {
        yield JSON.stringify({ died_at: diedAt, ...letter })
        after = place
      }
      isEnd = letters.length < readAtOnce
    }
  })

/** Has them delivered again by the services that run, each to the consumer that could not handle it; says how many. */
export const replayDeadLetters = (config: EventConfig) =>
  withDeadLetters(config, async function* (deadLetters) {
    const count = await deadLetters.replay()
    yield `${count} dead letter${count === 1 ? '' : 's'} replayed`
  })

async function* withDeadLetters(
  config: EventConfig,
  linesOf: (deadLetters: DeadLetters) => AsyncGenerator<string>,
): AsyncGenerator<string> {
  const { deadLetters, close } = await openLetters(config)
  try {
    yield* linesOf(deadLetters)
  } finally {
    await close()
  }
}

async function openLetters(config: EventConfig) {
  const pool = createPool({
    url: databaseUrlOf(config),
    applicationName: 'order-service dead letters',
    maxConnections: 1,
    connectTimeoutMs: 5_000,
    useTimeoutMs: limitMs,
    statementTimeoutMs: limitMs,
    pooler: config.dbPooler,
    onError: () => undefined,
  })
  try {
    const log = createLogger({ service: 'order-service', level: 'error', stream: process.stderr })
    const { deadLetters, close } = await openDeadLetters({ pool, redis: redisSettingsOf(config), log })
    return {
      deadLetters,
      close: async () => {
        close()
        await pool.end()
      },
    }
  } catch (error) {
    await pool.end()
    throw error
  }
}
