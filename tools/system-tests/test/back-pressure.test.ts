import { createCutProxy, inspectLedger, type CutProxy } from '@ordinal/testing'
import { ask, eventually, metric, upTo } from '../src/calls'
import { createDatabase, type ServiceDatabase } from '../src/databases'
import { createService, type ServiceProcess } from '../src/service'
import { API_KEYS } from '../src/system'
import { onLinux, peakResidentMb } from './memory'

const maxWaiting = 100
const connections = 400
const requests = 5_000

let database: ServiceDatabase
let proxy: CutProxy
let sequencer: ServiceProcess
beforeAll(async () => {
  database = await createDatabase('sequencer')
  const url = new URL(database.environment.SEQUENCER_DATABASE_URL!)
  proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
  url.port = String(proxy.port)
  sequencer = await createService('sequencer', {
    ...database.environment,
    API_KEYS,
    SEQUENCER_DATABASE_URL: url.href,
    SEQUENCER_MAX_WAITING: String(maxWaiting),
    SEQUENCER_REQUEST_TIMEOUT_MS: '3000',
  })
  await sequencer.start()
})
afterAll(async () => {
  await sequencer.remove()
  await proxy.close()
  await database.drop()
})

onLinux(
  'with its database frozen, the sequencer refuses what it has no room for, stays small, and recovers',
  async () => {
    const issue = (key: string) =>
      ask(sequencer, 'POST', '/api/v1/next/SG', { client_id: 'x'.repeat(200) }, { 'Idempotency-Key': key })
    await issue('first')
    proxy.freeze()
    const codes = new Map<string, number>()
    let asked = 0
    const insist = async () => {
      while (asked < requests) {
        const { status, headers, body } = await issue(`k${(asked += 1)}`)
        expect([status, Number(headers.get('retry-after'))]).toEqual([503, 1])
        codes.set(body.code, (codes.get(body.code) ?? 0) + 1)
      }
    }
    await Promise.all(upTo(connections).map(insist))
    // As many as there is room for were let in, and given up when their time was over; then others, a few times.
    const refused = codes.get('sequencer_overloaded') ?? 0
    expect(refused).toBeGreaterThan(requests / 2)
    expect(asked - refused).toBeGreaterThanOrEqual(maxWaiting)
    expect(await metric(sequencer, 'sequencer_requests_waiting ')).toBe(0)
    expect(await peakResidentMb(sequencer.pid())).toBeLessThan(300)

    proxy.thaw()
    await eventually(
      () => issue('last'),
      ({ status }) => status === 200,
    )
    // Each in the end: a busy machine may pause for longer than a request has.
    const isIssued = ({ status }: { status: number }) => status === 200
    await Promise.all(upTo(maxWaiting).map((n) => eventually(() => issue(`k${n}`), isIssued)))
    expect((await inspectLedger(database)).faults).toEqual([])
  },
)
