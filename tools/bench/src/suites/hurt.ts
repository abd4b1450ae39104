import { createHash, randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Finished, MeasuredComparison, Suite, Thoroughness } from '../instrument/suite'
import { get, post, requireSuccess } from '../load'
import type { Contestant, Stage } from '../stage'
import { loadSteadily } from '../steady'

const perSecond = 500
const connections = 16
const halfOpen = 2_000
const listeners = 500
const exports = 4
const ledgerRows = 200_000
/** A turn beside the attack: longer than a head may take to arrive, and than an answer may stay unread. */
const turnsOfAttack = 11
const mostP99Ms = 100
const mostMb = 300

/** The listeners are one caller, which may have half; the exports are of two. */
const keys = Array.from({ length: 3 }, () => randomBytes(32).toString('base64url'))
const digestOf = (key: string) => createHash('sha256').update(key).digest('hex')

/** What others get while some send half a request and some read nothing. */
export const hurt: Suite = {
  name: 'hurt',
  title: 'Beside clients that neither send nor read',
  counts: 'requests',
  services: ['sequencer'],

  async open(stage, settings, tell) {
    tell(`Filling a ledger with ${ledgerRows.toLocaleString('en')} numbers.`)
    await stage.fill('hurt', ledgerRows)
    const sequencer = await stage.startSequencer('hurt', {
      API_KEYS: keys.map((key, n) => `bench-${n}:${digestOf(key)}`).join(),
    })
    return {
      competitors: [],
      comparisons: [],
      finish: () => measureHurt(stage, sequencer, settings, tell),
    }
  },
}

async function measureHurt(
  stage: Stage,
  sequencer: Contestant,
  { seconds }: Pick<Thoroughness, 'seconds'>,
  tell: (line: string) => void,
): Promise<Finished> {
  const { port } = sequencer
  const issue = (seconds: number) =>
    loadSteadily({ port, perSecond, connections, makeRequest: () => post('/api/v1/next/SG') }, seconds)
  await issue(seconds)
  const alone = await issue(seconds)

  const old = await oldestPlace(port)
  const attack = startAttack(port, old)
  tell(`${halfOpen} half-open connections, ${listeners} listeners and ${exports} exports that read nothing.`)
  await delay(seconds * 250)
  const values: number[] = []
  const sampling = setInterval(() => values.push(sequencer.residentMb() ?? 0), seconds * 250)
  const beside = await issue(seconds * turnsOfAttack)
  clearInterval(sampling)
  const { opened, cut } = attack.end()
  for (const load of [alone, beside]) requireSuccess('numbers', load)
  const issued = alone.requests + beside.requests
  if (!(await isExact(stage, issued))) throw new Error('the ledger has fewer numbers than were answered')

  const comparisons: MeasuredComparison[] = [
    { title: 'p99 alone', unit: 'ms', values: [alone.p99Ms] },
    { title: 'p99 beside them', unit: 'ms', must: mostP99Ms, values: [beside.p99Ms] },
    ...(values.some((mb) => mb > 0)
      ? [{ title: 'the most memory', unit: 'MB' as const, must: mostMb, values: [Math.max(...values)] }]
      : []),
  ]
  return {
    settings: { seconds: seconds * turnsOfAttack, rounds: 1 },
    rounds: [
      { name: 'alone', title: `${perSecond} numbers a second, alone`, rounds: [alone] },
      { name: 'beside', title: 'the same, beside them', rounds: [beside] },
    ],
    comparisons,
    notes: [
      `${halfOpen} connections with half a request each, ${listeners} listeners that come back after long and ${exports} exports of ${ledgerRows.toLocaleString('en')} numbers, which read nothing. A half-open one that is cut comes back after a second: ${opened.toLocaleString('en')} connections were opened, ${cut.toLocaleString('en')} cut`,
    ],
  }
}

/** Opens them, each kind from addresses of its own as each client has a bound, and opens again what is cut. */
function startAttack(port: number, old: string) {
  const sockets = new Set<Socket>()
  let opened = 0
  let cut = 0
  let ended = false
  const keep = (address: string, bytes: string, reads: boolean) => {
    if (ended) return
    const socket = connect({ port, host: '127.0.0.1', localAddress: address })
    opened += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('connect', () => {
      socket.write(bytes)
      if (reads) socket.resume()
      else socket.pause()
    })
    socket.once('close', () => {
      sockets.delete(socket)
      if (ended) return
      cut += 1
      setTimeout(() => keep(address, bytes, reads), 1_000).unref()
    })
  }
  const ask = (path: string, ...headers: string[]) =>
    get(path).replace('\r\n\r\n', ['', ...headers, '', ''].join('\r\n'))
  const listen = ask('/api/v1/stream', `X-API-Key: ${keys[0]}`, `Last-Event-ID: ${old}`)
  // It sees its connection close only as it reads.
  for (let n = 0; n < halfOpen; n += 1) keep('127.0.0.2', 'POST /api/v1/next/SG HTTP/1.1\r\nHost: be', true)
  for (let n = 0; n < listeners; n += 1) keep('127.0.0.3', listen, false)
  for (let n = 0; n < exports; n += 1)
    keep('127.0.0.4', ask('/api/v1/audit/export', `X-API-Key: ${keys[1 + (n % 2)]}`), false)
  return {
    end() {
      ended = true
      for (const socket of sockets) socket.destroy()
      return { opened, cut }
    },
  }
}

/** The place of the first row: that of a listener that was away for long. */
async function oldestPlace(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/audit?after=0&page_size=1`, {
    headers: { 'X-API-Key': keys[0]! },
  })
  const { pagination } = (await response.json()) as { pagination: { next_cursor: string } }
  return pagination.next_cursor
}

async function isExact(stage: Stage, answered: number): Promise<boolean> {
  const { rows } = await stage.asAdmin('hurt', (admin) =>
    admin.query<{ count: string }>(`SELECT count(*) FROM ledger WHERE prefix = 'SG' AND event = 'issue'`),
  )
  return Number(rows[0]!.count) >= ledgerRows + answered
}
