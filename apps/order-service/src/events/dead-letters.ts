import { databaseUrlOf } from '@ordinal/config'
import { createPool } from '@ordinal/database'
import { openDeadLetters, type DeadLetters } from '@ordinal/events'
import { createLogger } from '@ordinal/logging'
import { redisSettingsOf, type EventConfig } from './settings'

const mostListed = 1_000
const limitMs = 60_000

/** The dead letters, oldest first: a line of JSON for each. */
export const listDeadLetters = (config: EventConfig) =>
  withDeadLetters(config, async (letters) =>
    (await letters.list(mostListed))
      .map(({ diedAt, ...letter }) => JSON.stringify({ died_at: diedAt, ...letter }))
      .join('\n'),
  )

/** Has them delivered again by the services that run, each to the consumer that could not handle it. */
export const replayDeadLetters = (config: EventConfig) =>
  withDeadLetters(config, async (letters) => {
    const count = await letters.replay()
    return `${count} dead letter${count === 1 ? '' : 's'} replayed`
  })

async function withDeadLetters(
  config: EventConfig,
  use: (letters: DeadLetters) => Promise<string>,
): Promise<string> {
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
    return await use(deadLetters).finally(close)
  } finally {
    await pool.end()
  }
}
