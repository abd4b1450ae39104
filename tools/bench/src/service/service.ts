import { row } from '../instrument/print'
import { askOnce, isSuccess, loadService, type Measured } from './load'
import { prepareSequence, prepareUser, refusal, requireReady } from './prepare'
import { services, type ServiceSettings } from './settings'
import { workloadsOf, type Workload } from './workloads'

const warmUpSeconds = 1
/** Limits that are there for other callers, and what switches them off for a measurement. */
const limits = new Map([
  ['rate_limited', 'USER_SERVICE_RATE_LIMIT=0 ORDER_SERVICE_RATE_LIMIT=0 SEQUENCER_RATE_LIMIT=0'],
  ['quota_exceeded', 'SEQUENCER_ANONYMOUS_QUOTA_NUMBERS=0'],
])

/**
 * Measures services that run already, one workload after another, and prints what they did. What is drawn and placed stays:
 * numbers of a sequence of its own, and orders of a user of its own.
 *
 * @param tell the progress
 * @throws Error in one line if a service is not there or refuses
 */
export async function measureServices(
  settings: ServiceSettings,
  tell: (line: string) => void,
): Promise<void> {
  const { parts, prefix } = settings
  const isAsked = (...asked: readonly string[]) => parts.some((part) => asked.includes(part))
  await requireReady(
    settings,
    services.filter((service) => service === 'sequencer' || isAsked('orders', 'reads')),
  )
  if (isAsked('numbers', 'batches', 'reads')) await prepareSequence(settings)
  const userId = isAsked('orders', 'reads') ? await prepareUser(settings) : 0
  const workloads = workloadsOf(settings, userId)
  for (const workload of workloads) await requireAnswer(settings, workload)

  const measured: [Workload, Measured][] = []
  for (const [index, workload] of workloads.entries()) {
    const left = Math.round((workloads.length - index) * (settings.seconds + warmUpSeconds))
    tell(`${index + 1} of ${workloads.length}, about ${left} s left: ${workload.service}, ${workload.title}`)
    await loadService(workload.call, settings.connections, Math.min(warmUpSeconds, settings.seconds))
    measured.push([workload, await loadService(workload.call, settings.connections, settings.seconds)])
  }
  printMeasured(settings, measured)
  console.log(`\n  What was issued stays: numbers of ${prefix}, and orders of the product BENCHMARK.`)
  const silent = measured.filter(([, { succeeded }]) => succeeded === 0)
  if (silent.length > 0)
    throw new Error(`No answer succeeded: ${silent.map(([{ title }]) => title).join(', ')}`)
}

/** Asks once, so that a refusal is told with its reason before minutes are measured. */
async function requireAnswer(settings: ServiceSettings, { service, call }: Workload): Promise<void> {
  const answer = await askOnce(call)
  if (isSuccess(answer)) return
  const text = answer.slice(answer.indexOf('\r\n\r\n') + 4)
  const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
  throw refusal(service, settings, { status: Number(answer.slice(9, 12)), body })
}

function printMeasured(
  { urls, connections, seconds }: ServiceSettings,
  measured: readonly [Workload, Measured][],
): void {
  const addresses = services.map((service) => `${service} ${urls[service].href}`).join(', ')
  console.log(`\n${addresses}\n  ${connections} connections, ${seconds} s each\n`)
  console.log(row('', 'per second', 'p50 ms', 'p90 ms', 'p99 ms', 'most ms', 'errors'))
  for (const [{ title, counts }, { perSecond, latencies, errors }] of measured) {
    const times = [latencies.p50, latencies.p90, latencies.p99, latencies.most].map((ms) => ms.toFixed(2))
    const failed = Object.values(errors).reduce((sum, count) => sum + count, 0)
    const rate = Math.round(perSecond).toLocaleString('en')
    console.log(row(`${title} (${counts})`, rate, ...times, failed.toLocaleString('en')))
  }
  for (const [{ title }, { errors }] of measured)
    for (const [code, count] of Object.entries(errors))
      console.log(`  ${title}: ${code} ${count.toLocaleString('en')} times`)
  for (const [code, variables] of limits)
    if (measured.some(([, { errors }]) => code in errors))
      console.log(`  ${code}: without that limit, ${variables} make run`)
}
