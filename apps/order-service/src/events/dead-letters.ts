import { databaseUrlOf } from '@ordinal/config'
import { createPool } from '@ordinal/database'
import { firstDeadLetter, openDeadLetters } from '@ordinal/events'
import { createLogger } from '@ordinal/logging'
import { redisSettingsOf, type EventConfig } from './settings'

const readAtOnce = 500
const limitMs = 60_000

/** The dead letters, oldest first: a line of JSON for each. */
export async function* listDeadLetters(config: EventConfig): AsyncGenerator<string> {
  const { deadLetters, close } = await open(config)
  try {
    for (let after = firstDeadLetter, isEnd = false; !isEnd;) {
      const letters = await deadLetters.list(readAtOnce, {}, after)
      for (const { place, diedAt, ...letter } of letters) {
        yield JSON.stringify({ died_at: diedAt, ...letter })
        after = place
      }
      isEnd = letters.length < readAtOnce
    }
  } finally {
    await close()
  }
}

/** Has them delivered again by the services that run, each to the consumer that could not handle it. */
export async function replayDeadLetters(config: EventConfig): Promise<string> {
  const { deadLetters, close } = await open(config)
  try {
    const count = await deadLetters.replay()
    return `${count} dead letter${count === 1 ? '' : 's'} replayed`
  } finally {
    await close()
  }
}

async function open(config: EventConfig) {
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
