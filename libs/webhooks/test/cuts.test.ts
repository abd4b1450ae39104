import { proxyBefore, until, type CutMoment } from '@ordinal/testing'
import { startReceiver, type Receiver } from './receiver'
import { createStage, firstSeen, upTo, type Stage } from './stage'

let stage: Stage
let receiver: Receiver
beforeEach(async () => {
  stage = await createStage()
  receiver = await startReceiver()
})
afterEach(async () => {
  await stage.end()
  await receiver.stop()
})

// Each statement of a delivery's way is a transaction of its own, so a cut there is one at its commit.
const statements = ['leave_webhook_deliveries', 'claim_webhook_deliveries', 'settle_webhook_delivery']
const moments: CutMoment[] = ['before', 'after', 'midway', 'silence']

test.each(statements.flatMap((statement) => moments.map((moment) => [statement, moment] as const)))(
  'when connections are cut at %s (%s), nothing is lost, and nothing out of order, with two instances',
  async (statement, moment) => {
    const proxy = await proxyBefore(stage.database.url)
    await stage.subscribe(receiver.url)
    const subjects = upTo(4).map((n) => `s${n}`)
    for (let n = 0; n < 3; n += 1) for (const subject of subjects) await stage.change(subject)
    proxy.cutAt(statement, moment, 3)
    // What is lost with its connection is tried again when its lease ends.
    const begin = () => stage.startInstance({ webhookTimeoutMs: 2_000 }, proxy.url)
    const instances = [begin(), begin()]
    await until(async () => (await stage.count('waiting')) === 0, 60_000)
    expect(proxy.cuts).toBeGreaterThan(0)
    expect(firstSeen(receiver.accepted)).toEqual(
      Object.fromEntries(subjects.map((subject) => [subject, [1, 2, 3]])),
    )
    expect(await stage.count('delivered')).toBe(12)
    await Promise.all(instances.map((instance) => instance.stop()))
    await proxy.close()
  },
)
