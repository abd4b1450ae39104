import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { docker, eventually, make, run } from './docker'

export const project = 'ordinal-ha-check'
export const nodes = ['node1', 'node2', 'node3']
const urls = {
  users: 'http://localhost:8081',
  orders: 'http://localhost:8082',
  numbers: 'http://localhost:8083',
}
const environment = { COMPOSE_PROJECT_NAME: project, HA_PASSWORD: randomBytes(12).toString('hex') }

export type Cluster = Awaited<ReturnType<typeof startCluster>>
interface Member {
  name: string
  role: string
  state: string
}

/** Starts deploy/ha/docker-compose.yml, as docs/high-availability.md says. */
export async function startCluster() {
  const compose = (...args: string[]) =>
    run('docker', ['compose', '--file', 'deploy/ha/docker-compose.yml', ...args], environment)
  const stop = () => compose('down', '--volumes', '--remove-orphans')
  const inBalancer = (...args: string[]) => compose('exec', '-T', 'balancer', ...args)
  const containerOf = (node: string) => `${project}-${node}-1`

  await stop()
  try {
    await make('docker-build')
    await compose('build')
    await compose('up', '--detach', '--wait', '--wait-timeout', '240', '--no-build')
  } catch (error) {
    const said = await compose('logs', '--tail', '20').catch(String)
    await stop()
    throw new Error(said, { cause: error })
  }

  /** What Patroni of a node says of all; none if it is away. */
  async function members(asked: string): Promise<Member[]> {
    const url = `http://${asked}:8008/cluster`
    const said = await inBalancer('curl', '--silent', '--max-time', '2', url).catch(() => '{"members":[]}')
    return (JSON.parse(said) as { members: Member[] }).members
  }

  return {
    stop,
    post,
    /** The node that leads, as any of the others says, or all of these; undefined while none does. */
    async leader(asked: readonly string[] = nodes): Promise<string | undefined> {
      for (const node of asked) {
        const found = (await members(node)).find(
          ({ role, state }) => role === 'leader' && state === 'running',
        )
        if (found) return found.name
      }
      return undefined
    },
    /** Resolves when a node follows the leader. */
    follows: (node: string) =>
      eventually(
        () => members(node),
        (all) =>
          all.some(
            ({ name, role, state }) => name === node && role !== 'leader' && /running|streaming/.test(state),
          ),
        120_000,
      ),
    /** All processes of a node die, and nobody starts them again: as when its machine dies. */
    kill: (node: string) => docker('kill', '--signal', 'KILL', containerOf(node)),
    start: (node: string) => docker('start', containerOf(node)),
    /** The rows of a query at the leader, as HAProxy finds it. */
    async sql(query: string): Promise<string[]> {
      const psql = 'PGPASSWORD=$0 psql -h 10.89.27.10 -U postgres -d sequencerdb -AtXc "$1"'
      const said = await inBalancer('sh', '-c', psql, environment.HA_PASSWORD, query)
      return said ? said.split('\n') : []
    },
  }
}

/** Asks a service through HAProxy. */
async function post<T>(service: keyof typeof urls, path: string, body: object, key: string) {
  const answer = await fetch(urls[service] + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  })
  return { status: answer.status, body: (await answer.json()) as T }
}

/** Callers that draw one number after the other, each again with the same key until it is acknowledged. */
export function drawUntilStopped(callers: number) {
  const acknowledged: { key: string; number: string; atMs: number }[] = []
  let stopping = false

  async function draw(key: string): Promise<void> {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(50)) {
      const answer = await post<{ full_number: string }>('numbers', '/api/v1/next/SG', {}, key).catch(
        () => undefined,
      )
      if (answer?.status === 200)
        return void acknowledged.push({ key, number: answer.body.full_number, atMs: performance.now() })
      if (answer && ![409, 502, 503, 504].includes(answer.status))
        throw new Error(JSON.stringify(answer.body))
    }
    throw new Error(`${key} is not acknowledged after a minute`)
  }
  async function caller(name: number): Promise<void> {
    for (let n = 1; !stopping; n += 1) {
      await draw(`caller-${name}-${n}`)
      await delay(20)
    }
  }

  const drawing = Promise.all(Array.from({ length: callers }, (_, index) => caller(index)))
  // `stop` reports it; until then a failure must not end the process.
  drawing.catch(() => {})
  return {
    acknowledged,
    /** Lets each caller finish the number that it is at. */
    async stop(): Promise<void> {
      stopping = true
      await drawing
    },
  }
}
