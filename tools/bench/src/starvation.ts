import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { get, load, post, type Load } from './load'
import type { ReadingResult } from './readers'
import { row } from './instrument/print'
import { searchScenarios } from './search-starvation'
import { openStage, root, type Contestant, type Stage } from './stage'
import type { Scenario, StarvationSettings } from './starvation-scenario'

const issuers = 64
const apiKey = randomBytes(32).toString('base64url')
const keyHeader = `X-API-Key: ${apiKey}`
const keys = { API_KEYS: `bench:${createHash('sha256').update(apiKey).digest('hex')}` }

/** The result of a scenario. */
interface Starved {
  name: string
  wanted: number
  alone: Load
  beside: Load
  share: number
  readers: ReadingResult | undefined
}

/**
 * Measures how much of its rate issuing keeps beside readers, which are a process of their own on the same machine: each
 * turn is compared with turns alone just before and after it.
 */
export async function runStarvation(settings: StarvationSettings): Promise<void> {
  const tell = (line: string) => process.stderr.write(`${line}\n`)
  tell('Starting PostgreSQL and the services.')
  const stage = await openStage()
  try {
    const report: Starved[] = []
    for (const scenario of await openScenarios(stage, settings, tell)) {
      tell(scenario.name)
      report.push(await measureScenario(stage, scenario, settings.seconds))
    }
    printStarvation(report)
    mkdirSync(join(root, 'bench-results'), { recursive: true })
    const at = new Date().toISOString()
    const file = join('bench-results', `${at.replaceAll(':', '-')}-starvation.json`)
    writeFileSync(join(root, file), `${JSON.stringify({ at, settings, report }, null, 2)}\n`)
    console.log(`\nAll rounds: ${file}`)
  } finally {
    await stage.close()
  }
}

async function openScenarios(
  stage: Stage,
  settings: StarvationSettings,
  tell: (line: string) => void,
): Promise<Scenario[]> {
  const { rows, named = '' } = settings
  const isNamed = ({ name }: Scenario) => name.includes(named)
  const chosen: Scenario[] = []
  if (named === '' || !named.startsWith('search')) {
    tell(`Filling a ledger with ${rows.toLocaleString('en')} numbers.`)
    await stage.fill('starvation', rows)
    const sequencer = await stage.startSequencer('starvation', keys)
    const request = post('/api/v1/next/SG')
    const main = { service: sequencer, request: () => request, connections: issuers }
    await load([sequencer.port], main.request, issuers, settings.seconds)
    chosen.push(...(await ledgerScenarios(stage, sequencer, settings)).map((each) => ({ main, ...each })))
  }
  if (named === '' || named.startsWith('search'))
    chosen.push(...(await searchScenarios(stage, settings, tell)))
  return chosen.filter(isNamed)
}

async function ledgerScenarios(
  stage: Stage,
  sequencer: Contestant,
  { leases }: StarvationSettings,
): Promise<Scenario[]> {
  const cheap: [string, string[]][] = [
    ['/metrics', [get('/metrics')]],
    ['stats', [get('/api/v1/sequence/stats?prefix=SG')]],
    ['status', [get('/api/v1/status/SG')]],
    ['/health/ready', [get('/health/ready')]],
    ['/openapi.json', [get('/openapi.json')]],
    ['/docs', [get('/docs')]],
    ['unknown paths', [get('/api/v1/nothing')]],
  ]
  const audit = [
    'client_id=nobody',
    'caller=nobody',
    'generated_by=nobody',
    'site_id=nowhere',
    'event=void',
    'state=void&prefix=SG',
    'from=2026-01-01T00:00:00Z&caller=nobody',
  ].map((filter) => withKey(`/api/v1/audit?${filter}`))
  const old = await oldPlace(sequencer)
  const listeners = {
    requests: [withKey('/api/v1/stream', [`Last-Event-ID: ${old}`])],
    connections: 500,
  }
  return [
    ...cheap.map(([name, requests]) => ({
      name: `flood ${name}, 200 connections`,
      wanted: 0.25,
      reading: { requests, connections: 200 },
    })),
    {
      name: 'flood audit filters, 12 viewers',
      wanted: 0.25,
      reading: { requests: audit, connections: 12 },
    },
    ...cheap.map(([name, requests]) => ({
      name: `rate ${name}, 500/s`,
      wanted: 0.7,
      reading: { requests, connections: 1_000, perSecond: 500 },
    })),
    {
      name: 'rate audit filters, 50/s',
      wanted: 0.7,
      reading: { requests: audit, connections: 500, perSecond: 50 },
    },
    { name: 'listeners, 500 that come back', wanted: 0.7, reading: { ...listeners, listenMs: 60_000 } },
    {
      name: 'flood listeners, 500 that leave after a second',
      wanted: 0.25,
      reading: { ...listeners, listenMs: 1_000 },
    },
    {
      name: `leases, ${leases.toLocaleString('en')} that end`,
      wanted: 0.7,
      prepare: () => lapse(stage, sequencer, leases),
    },
  ]
}

const withKey = (path: string, headers: readonly string[] = []) =>
  [`GET ${path} HTTP/1.1`, 'Host: bench', keyHeader, ...headers, '', ''].join('\r\n')

/** The place of the first row: that of a listener that was away for long. */
async function oldPlace({ port }: Contestant): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/audit?after=0&page_size=1`, {
    headers: { 'X-API-Key': apiKey },
  })
  const { pagination } = (await response.json()) as { pagination: { next_cursor: string } }
  return pagination.next_cursor
}

/** Reserves numbers, and ends their leases all at once. */
async function lapse(stage: Stage, { port }: Contestant, leases: number): Promise<void> {
  const count = Math.min(1_000, leases)
  const body = JSON.stringify({ count, hold_seconds: 3_600 })
  const request = post('/api/v1/next/SG', ['Content-Type: application/json'], body)
  let left = Math.ceil(leases / count)
  while (left > 0) {
    const turn = await load([port], () => request, 1, 0.1)
    left -= turn.requests
  }
  await stage.asAdmin('starvation', (admin) =>
    admin.query(`UPDATE leases SET expires_at = clock_timestamp()`),
  )
}

async function measureScenario(stage: Stage, scenario: Scenario, seconds: number): Promise<Starved> {
  const { name, wanted, reading, prepare, main } = scenario
  const { service, request, connections } = main!
  const issue = (seconds: number) => load([service.port], request, connections, seconds)
  const before = await issue(seconds / 2)
  await prepare?.()
  const readers =
    reading &&
    stage.startReaders({ ...reading, port: (scenario.reads ?? service).port, seconds: seconds + 1 })
  // The turn begins when the readers are at work.
  await delay(500)
  const beside = await issue(seconds)
  const result = await readers
  // What the readers left behind must not slow the turn alone.
  await delay(1_000)
  const after = reading ? await issue(seconds / 2) : before
  const alone = { ...before, perSecond: (before.perSecond + after.perSecond) / 2 }
  return { name, wanted, alone, beside, share: beside.perSecond / alone.perSecond, readers: result }
}

function printStarvation(report: readonly Starved[]): void {
  console.log('\nIssuing beside readers, a process on the same cores')
  console.log(row('', 'alone/s', 'beside/s', 'share', 'wanted', 'not 2xx', 'readers CPU s', ' answers'))
  for (const { name, wanted, alone, beside, share, readers } of report) {
    const { answers = {}, unsent = 0, cpuSeconds = 0 } = readers ?? {}
    const told = Object.entries(unsent > 0 ? { ...answers, unsent } : answers)
    const percent = (part: number) => `${Math.round(part * 100)} %`
    console.log(
      row(
        name,
        String(Math.round(alone.perSecond)),
        String(Math.round(beside.perSecond)),
        percent(share),
        `${percent(wanted)}${share < wanted ? ' NOT MET' : ''}`,
        String(beside.failures),
        cpuSeconds.toFixed(1),
        `  ${told.map(([status, count]) => `${status}: ${count}`).join(', ')}`,
      ),
    )
  }
}
