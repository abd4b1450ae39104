import { parseArgs } from 'node:util'
import { serveConstant } from './constant-servers'
import type { Suite, Thoroughness } from './instrument/suite'
import { runReaders } from './readers'
import { runSuites } from './run'
import { measureServices } from './service/service'
import { readServiceSettings } from './service/settings'
import { runStarvation } from './starvation'
import type { StarvationSettings } from './starvation-scenario'
import { events } from './suites/events'
import { standby } from './suites/in-process'
import { gaps } from './suites/gaps'
import { hurt } from './suites/hurt'
import { ledger } from './suites/ledger'
import { lists } from './suites/lists'
import { memory } from './suites/memory'
import { numbers } from './suites/numbers'
import { orders } from './suites/orders'
import { searches } from './suites/searches'
import { tracing } from './suites/tracing'
import { users } from './suites/users'

const suites: readonly Suite[] = [numbers, standby, orders, events, lists, users, searches]
/** Which take long, or are of one question: they are run when they are asked for. */
const longSuites: readonly Suite[] = [memory, ledger, gaps, tracing, hurt]
const starvation = 'starvation'

const thorough: Thoroughness = {
  seconds: 4,
  rounds: 3,
  past: 5_000_000,
  ledger: 20_000_000,
  events: 10_000,
  listed: 1_000_000,
  users: 1_000_000,
  minutes: 10,
}
/** To see that it works: its figures mean nothing. */
const quickly: Thoroughness = {
  seconds: 0.2,
  rounds: 1,
  past: 20_000,
  ledger: 20_000,
  events: 200,
  listed: 2_000,
  users: 2_000,
  minutes: 0.05,
}

type Given = ReturnType<typeof readArguments>['given']

const [mode, kind = ''] = process.argv.slice(2)

void start().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})

function start(): Promise<void> {
  if (mode === '--serve') return serveConstant(kind === 'express' ? 'express' : 'node')
  if (mode === '--readers') return runReaders(kind)
  if (mode === '--service') return runService()
  return run()
}

/** Measures services that run already: `--connections=64`, `--seconds=10`, `--only=numbers,orders`, URLs by the environment. */
async function runService(): Promise<void> {
  const { given } = readArguments()
  await measureServices(readServiceSettings(process.env, given), (line) => process.stderr.write(`${line}\n`))
}

/**
 * The arguments, by their names.
 *
 * @throws TypeError for one that there is not: what was mistyped would measure everything
 */
function readArguments() {
  const numbers = [...Object.keys(thorough), 'tolerance', 'rows', 'leases', 'connections']
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(numbers.map((name) => [name, text])),
      ...{ only: text, scenario: text },
      ...{ service: flag, quick: flag, save: flag, compare: flag },
    },
  })
  return {
    isGiven: (name: 'quick' | 'save' | 'compare') => values[name] === true,
    given: (name: string) => (values as Record<string, string | undefined>)[name],
  }
}

/**
 * Runs what `--only=orders,events` names, or everything that does not take long. `--save` keeps the results and writes docs/benchmarks.md,
 * `--compare` compares ratios with those that were kept (`--tolerance=0.2`), `--rounds=5` and the like measure otherwise.
 */
async function run(): Promise<void> {
  const { isGiven, given } = readArguments()
  const quick = isGiven('quick')
  const usual = [...suites.map(({ name }) => name), starvation]
  const parts = [...usual, ...longSuites.map(({ name }) => name)]
  const named = given('only')
  const chosen = named ? named.split(',') : usual
  const unknown = chosen.filter((name) => !parts.includes(name))
  if (unknown.length > 0) throw new Error(`There is no ${unknown.join(', ')}; there are ${parts.join(', ')}`)

  const chosenSuites = [...suites, ...longSuites].filter(({ name }) => chosen.includes(name))
  const compared = isGiven('compare') ? Number(given('tolerance') ?? 0.2) : undefined
  if (chosenSuites.length > 0) {
    const settings = settingsOf(quick ? quickly : thorough, given)
    await runSuites(chosenSuites, { settings, save: isGiven('save'), tolerance: compared })
  }
  if (chosen.includes(starvation)) await runStarvation(starvationSettings(quick, given))
}

function settingsOf(usual: Thoroughness, given: Given): Thoroughness {
  const entries = Object.entries(usual) as [keyof Thoroughness, number][]
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Number(given(name) ?? value)]),
  ) as unknown as Thoroughness
}

/** `--rows=1600000 --users=500000 --leases=200000` for the full size; `--scenario=flood` for some of them. */
function starvationSettings(quick: boolean, given: Given): StarvationSettings {
  const number = (name: string, usual: number, small: number) =>
    Number(given(name) ?? (quick ? small : usual))
  return {
    seconds: number('seconds', 4, 0.5),
    rows: number('rows', 200_000, 2_000),
    users: number('users', 100_000, 2_000),
    leases: number('leases', 200_000, 2_000),
    named: given('scenario'),
  }
}
