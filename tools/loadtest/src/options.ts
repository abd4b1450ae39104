import { resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { isThisMachine, urlOf, type Service } from '@ordinal/bench'
import { servicesOf, workloads, type Limits, type Settings, type Workload } from './settings'

const usualRequests = 1000

interface Given {
  operation: Workload
  requests?: number
  duration?: number
  concurrency: number
  rate?: number
  timeout: number
  users?: URL
  orders?: URL
  sequencer?: URL
  sequence: string
  apiKey?: string
  token?: string
  maxP50?: number
  maxP90?: number
  maxP99?: number
  maxP999?: number
  maxErrors?: Limits['maxErrors']
  minRate?: number
  report: string | false
  check: boolean
  confirm: boolean
}

/**
 * Reads what is to be done from the arguments; addresses and credentials also from the environment.
 *
 * @param write gets help and errors
 * @throws CommanderError with its exit code, after help or an error was written
 * @throws Error where the services are on another machine, or the sequence may have documents, and nobody confirmed it
 */
export function readSettings(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  write: (text: string) => void,
): Settings {
  const program = optionsFor(environment).configureOutput({ writeOut: write, writeErr: write })
  const given = program.parse(args, { from: 'user' }).opts<Given>()
  const urls: Settings['urls'] = {
    'user-service': given.users ?? urlOf('user-service', environment),
    'order-service': given.orders ?? urlOf('order-service', environment),
    sequencer: given.sequencer ?? urlOf('sequencer', environment),
  }
  if (!given.confirm && environment.CONFIRM !== 'yes')
    requireHarmless(urls, servicesOf(given.operation), given.sequence)
  return {
    workload: given.operation,
    urls,
    concurrency: given.concurrency,
    requests: given.requests ?? (given.duration === undefined ? usualRequests : Infinity),
    durationMs: given.duration ?? Infinity,
    perSecond: given.rate,
    timeoutMs: given.timeout,
    sequence: given.sequence,
    limits: {
      maxP50Ms: given.maxP50,
      maxP90Ms: given.maxP90,
      maxP99Ms: given.maxP99,
      maxP999Ms: given.maxP999,
      maxErrors: given.maxErrors,
      minPerSecond: given.minRate,
    },
    check: given.check,
    report: given.report === false ? undefined : resolve(given.report),
    apiKey: given.apiKey ?? (environment.API_KEY || undefined),
    token: given.token ?? (environment.TOKEN || undefined),
    isLocalStack: given.sequencer === undefined && !environment.SEQUENCER_URL,
  }
}

const optionsFor = (environment: NodeJS.ProcessEnv) =>
  new Command('loadtest')
    .description(
      'Sends requests to services that run, times the answers, and compares what they said with what the services hold.',
    )
    .addOption(new Option('-o, --operation <name>', 'what is asked for').choices(workloads).default('mixed'))
    .option('-n, --requests <n>', `how many; ${usualRequests} if there is no duration`, count)
    .option('-d, --duration <time>', 'for how long: 30s, 5m', duration)
    .option('-c, --concurrency <n>', 'how many are under way at most', count, 20)
    .option('-r, --rate <n>', 'open loop: so many arrive in a second, whatever was answered', positive)
    .option('--timeout <time>', 'how long an answer is waited for', duration, 10_000)
    .option('--users <url>', 'where the user service is; else USER_SERVICE_URL, or make run', address)
    .option('--orders <url>', 'where the order service is; else ORDER_SERVICE_URL, or make run', address)
    .option('--sequencer <url>', 'where the sequencer is; else SEQUENCER_URL, or make run', address)
    .option('--sequence <prefix>', 'which sequence next draws from', environment.PREFIX || 'BENCH')
    .option('--api-key <key>', 'sent as X-API-Key; else API_KEY')
    .option('--token <token>', 'of an administrator: makes an API key for the run; else TOKEN')
    .option('--max-p50 <time>', 'limit: at most so long for half of the requests', duration)
    .option('--max-p90 <time>', 'limit: for 90 of 100', duration)
    .option('--max-p99 <time>', 'limit: for 99 of 100: 50ms', duration)
    .option('--max-p999 <time>', 'limit: for 999 of 1,000', duration)
    .option('--max-errors <n>', 'limit: at most so many requests that failed: 0, or 0.1%', errors)
    .option('--min-rate <n>', 'limit: at least so many successes in a second', positive)
    .option('--report <folder>', 'where the report is written', 'bench-results/loadtest')
    .option('--no-report', 'write none')
    .option('--no-check', 'do not compare with what the services hold')
    .option(
      '--confirm',
      'also where services are on another machine, or the sequence does not begin with BENCH',
      false,
    )
    .allowExcessArguments(false)
    .showHelpAfterError('(--help shows all)')
    .exitOverride()
    .addHelpText(
      'after',
      `
Exit codes: 0 all limits kept and everything held, 1 not so, 2 not valid or no service there, 130 interrupted.

Without --rate the loop is closed: each caller sends its next request when its last one is answered. With it a request is
timed from the moment when it was to be sent, so that waiting behind slow ones counts.
update and delete need an order each, which is placed, and timed, as create. Orders and numbers stay.`,
    )

/** Orders and numbers stay: what is not meant for it is left alone. */
function requireHarmless(urls: Settings['urls'], called: readonly Service[], sequence: string): void {
  const away = called.map((service) => urls[service]).find(({ hostname }) => !isThisMachine(hostname))
  if (away)
    throw new Error(
      `${away.origin} is not on this machine, and a load test leaves orders and numbers there that stay: --confirm if you want that`,
    )
  if (!/^bench/i.test(sequence))
    throw new Error(
      `The sequence ${sequence} does not begin with BENCH, and the numbers that are drawn from it stay issued: --confirm if you want that`,
    )
}

function count(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value > 0 && value <= 1e9) return value
  throw new InvalidArgumentError('It is a whole number from 1 on.')
}

function positive(text: string): number {
  const value = Number(text)
  if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= 1e6) return value
  throw new InvalidArgumentError('It is a number above 0, of at most a million.')
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** In milliseconds. */
function duration(text: string): number {
  const [, value, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
  const ms = Number(value) * (units[unit ?? ''] ?? NaN)
  if (ms > 0 && ms <= 24 * units.h!) return ms
  throw new InvalidArgumentError('It is a time of at most a day, with its unit: 50ms, 30s, 5m, 1h.')
}

function errors(text: string): NonNullable<Limits['maxErrors']> {
  const [, value, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? []
  if (value !== undefined && percent) return { part: Number(value) / 100 }
  if (value !== undefined && Number.isInteger(Number(value))) return { count: Number(value) }
  throw new InvalidArgumentError('It is a whole number, or a part as in 0.1%.')
}

function address(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol)) return url
  throw new InvalidArgumentError('It is an address as in http://localhost:8083.')
}
