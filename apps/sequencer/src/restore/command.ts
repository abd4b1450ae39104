import type { KeyObject } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { PrismaPg } from '@prisma/adapter-pg'
import { withQueryTimeout } from '@ordinal/database'
import { createLogger } from '@ordinal/logging'
import { createMetrics } from '@ordinal/metrics'
import { openDatabase } from '@ordinal/service'
import { createCheckpoints } from '../audit/checkpoints'
import { PrismaClient } from '../generated/prisma/client'
import { createKnownSequences } from '../ledger/known-sequences'
import { isUrl } from './checkpoint-source'
import { readPlan } from './plan'
import { raiseCounters } from './raise'

// A statement of ten thousand values takes a second.
const statementLimitMs = 60_000

/** What it takes of the configuration. */
type Settings = Parameters<typeof openDatabase>[1] & {
  logLevel: string
  keptCheckpoint: string | undefined
  signingKey: KeyObject | undefined
}

/**
 * `--raise-counters`: carries out the plan on standard input, and then keeps a checkpoint of the ledger as it is now in place
 * of the one that it no longer has.
 *
 * @returns a report as JSON
 */
export async function raiseCountersOf(config: Settings, input: NodeJS.ReadableStream): Promise<string> {
  const plan = readPlan(await text(input as NodeJS.ReadStream))
  const log = createLogger({ service: 'sequencer', level: config.logLevel, stream: process.stderr })
  const pool = openDatabase('sequencer', config, { log, metrics: createMetrics('sequencer') })
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool), errorFormat: 'minimal' })
  try {
    const db = withQueryTimeout(pool, statementLimitMs)
    const counters = await raiseCounters({ db, sequences: createKnownSequences(prisma) }, plan)
    const checkpoints = createCheckpoints(pool, config.signingKey)
    const signed = checkpoints.canSign ? (await checkpoints.sign({})).signed : null
    const place = config.keptCheckpoint
    if (signed && place && !isUrl(place)) await replaceFile(place, `${signed}\n`)
    return JSON.stringify({ counters, checkpoint: signed }, undefined, 2)
  } finally {
    await pool.end()
    await log.close()
  }
}

/** Whole or not at all. */
async function replaceFile(file: string, content: string): Promise<void> {
  const next = `${file}.${process.pid}`
  await writeFile(next, content)
  await rename(next, file)
}
