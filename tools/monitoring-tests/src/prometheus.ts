import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { eventually, forget, remember } from '@ordinal/system-tests'
import { ownAddress, ownPort } from '@ordinal/testing'

/** Whether Prometheus and its tool are installed here. */
export const isInstalled = ['prometheus', 'promtool'].every(
  (name) => spawnSync(name, ['--version']).status === 0,
)

/** What promtool says of a page of metrics, a line for each fault; nothing if it is right. */
export function faultsOfMetrics(page: string): string {
  const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: page, encoding: 'utf8' })
  return stdout + stderr
}

interface Series {
  metric: Record<string, string>
  /** Time in seconds, and the value as text. */
  values: [number, string][]
}

interface Rule {
  type: 'recording' | 'alerting'
  name: string
  query: string
  health: string
  lastError?: string
  annotations?: Record<string, string>
  labels?: Record<string, string>
}

interface Alert {
  labels: Record<string, string>
  annotations: Record<string, string>
  state: 'pending' | 'firing'
}

interface Target {
  labels: Record<string, string>
  health: string
  lastError: string
}

export type Prometheus = Awaited<ReturnType<typeof startPrometheus>>

// Ends Prometheus and deletes its folder when our end of the pipe closes: also if we are killed.
const script = `
  folder=$1; shift
  "$@" & read -r never
  kill $!; wait
  rm -rf "$folder"
`

/**
 * Starts Prometheus on a port of its own.
 *
 * @param folder has its prometheus.yml, takes its data, and is deleted at its end
 */
export async function startPrometheus(folder: string) {
  const url = `http://${ownAddress}:${await ownPort()}`
  const flags = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${new URL(url).host}`,
  ]
  const startedAt = Date.now() / 1000
  const child = spawn('/bin/sh', ['-c', script, 'sh', folder, 'prometheus', ...flags], { detached: true })
  const closed = once(child, 'close')
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (log += String(chunk)))

  async function ask<T>(path: string, parameters: Record<string, string> = {}): Promise<T> {
    const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`)
    const body = (await answer.json()) as { status: string; error?: string; data: T }
    if (body.status !== 'success')
      throw new Error(`Prometheus refuses ${JSON.stringify(parameters)}: ${body.error}`)
    return body.data
  }

  const prometheus = {
    name: 'prometheus',
    log: () => log,

    /** The values of a query at every second since Prometheus was started. */
    async values(query: string): Promise<Series[]> {
      const range = { start: String(startedAt), end: String(Date.now() / 1000), step: '1' }
      return (await ask<{ result: Series[] }>('query_range', { query, ...range })).result
    },

    /** The labels of all series that a selector has matched since Prometheus was started. */
    series: (selector: string) =>
      ask<Record<string, string>[]>('series', { 'match[]': selector, start: String(startedAt) }),

    targets: async () => (await ask<{ activeTargets: Target[] }>('targets')).activeTargets,
    rules: async () =>
      (await ask<{ groups: { rules: Rule[] }[] }>('rules')).groups.flatMap(({ rules }) => rules),
    alerts: async () => (await ask<{ alerts: Alert[] }>('alerts')).alerts,

    async stop(): Promise<void> {
      forget(prometheus)
      child.stdin.end()
      await closed
    },
  }
  remember(prometheus)
  const isReady = () =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  try {
    await eventually(isReady, Boolean)
  } catch (error) {
    await prometheus.stop()
    throw new Error(`Prometheus is not ready:\n${log}`, { cause: error })
  }
  return prometheus
}
