import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { until } from '@ordinal/testing'
import { restoreLedger, withService, workWith, type RestoredLedger } from './restored-ledger'
import { queryAsAdmin, valuesIn } from './sequencer'
import { newSigningKey } from './signing-key'
import { bearer } from './tokens'

let ledger: RestoredLedger | undefined
afterEach(async () => {
  await ledger?.remove()
  ledger = undefined
})

const ready = async (url: string) => (await fetch(`${url}/health/ready`)).status

describe('a ledger that is older than the checkpoint that was kept', () => {
  test('issues nothing, changes nothing, signs nothing, is not ready, and says what to do', async () => {
    let held = ''
    ledger = await restoreLedger(
      async ({ issue }) => ([held] = (await issue('SG', 5)) as [string]),
      async ({ issue, keepCheckpoint }) => {
        await issue('SG', 3)
        await keepCheckpoint()
      },
    )
    await withService(ledger, async ({ url, lines }) => {
      const { post } = workWith({ url }, '/dev/null')
      const refused = { status: 503, body: { code: 'ledger_behind' } }
      expect(await post('/api/v1/next/SG')).toMatchObject(refused)
      expect(await post(`/api/v1/numbers/${held}/release`, { reason: 'test' })).toMatchObject(refused)
      await expect(workWith({ url }, '/dev/null').issue('ORD', 1)).rejects.toThrow('restore-check')
      expect(await ready(url)).toBe(503)
      const metrics = await (await fetch(`${url}/metrics`)).text()
      expect(metrics).toContain('sequencer_number_requests_failed_total 3\n')
      const signed = await fetch(`${url}/api/v1/audit/checkpoints`, { headers: await bearer('viewer') })
      const imported = await fetch(`${url}/api/v1/sequences/SG/import`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/csv', ...(await bearer('admin')) },
        body: 'number\nSG000009\n',
      })
      for (const answer of [signed, imported]) {
        expect(answer.status).toBe(503)
        expect(await answer.json()).toMatchObject({ code: 'ledger_behind' })
      }
      expect(await documentedAs503(url, 'get', '/api/v1/audit/checkpoints')).toContain('`ledger_behind`')
      expect(await documentedAs503(url, 'post', '/api/v1/sequences/{prefix}/import')).toContain(
        '`ledger_behind`',
      )
      expect(lines.filter((line) => line.includes('no numbers are issued'))).toHaveLength(1)
      expect(lines.filter((line) => line.includes('"checkpoint":'))).toEqual([])
    })
    expect(await valuesIn(ledger.restored, 'SG')).toEqual([1, 2, 3, 4, 5])
  })

  test('goes on above all that is known once its counters are raised, and no number comes twice', async () => {
    let lost: string[] = []
    ledger = await restoreLedger(
      ({ issue }) => issue('SG', 5),
      async ({ issue, keepCheckpoint }) => {
        lost = [...(await issue('SG', 3)), ...(await issue('ORD', 2))]
        await keepCheckpoint()
      },
    )
    const { counters } = await ledger.raise({ numbers: lost, reason: 'disk of db1 lost, ticket 4711' })
    expect(counters).toEqual([
      expect.objectContaining({ prefix: 'ORD', last: 2, skipped: 2 }),
      { prefix: 'SG', period: '', last: 8, skipped: 3, withheld: 0 },
    ])
    await withService(ledger, async ({ url }) => {
      const again = workWith({ url }, '/dev/null')
      const fresh = [...(await again.issue('SG', 2)), ...(await again.issue('ORD', 1))]
      expect(fresh.filter((number) => lost.includes(number))).toEqual([])
      expect(fresh[0]).toBe('SG000009')
      expect(await ready(url)).toBe(200)
    })
    const skipped = await queryAsAdmin(
      ledger.restored,
      `SELECT DISTINCT event, state, reason FROM ledger WHERE prefix = 'SG' AND value IN (6, 7, 8)`,
    )
    expect(skipped).toEqual([{ event: 'skip', state: 'void', reason: 'disk of db1 lost, ticket 4711' }])
    expect(await valuesIn(ledger.restored, 'SG')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  test('is found while the service runs, when another checkpoint is kept, and so is its end', async () => {
    ledger = await restoreLedger(
      ({ issue, keepCheckpoint }) => issue('SG', 2).then(keepCheckpoint),
      () => Promise.resolve(),
    )
    const other = await restoreLedger(
      ({ issue }) => issue('SG', 2),
      ({ issue, keepCheckpoint }) => issue('SG', 2).then(keepCheckpoint),
    )
    const { checkpointFile } = ledger
    const fitting = readFileSync(checkpointFile)
    await withService(ledger, async ({ url }) => {
      expect(await ready(url)).toBe(200)
      writeFileSync(checkpointFile, readFileSync(other.checkpointFile))
      await until(async () => (await ready(url)) === 503)
      writeFileSync(checkpointFile, fitting)
      await until(async () => (await ready(url)) === 200)
    })
    await other.remove()
  })
})

test('a server that says that it was restored issues nothing, whatever is kept', async () => {
  ledger = await restoreLedger(
    ({ issue }) => issue('SG', 1),
    () => Promise.resolve(),
  )
  const { restored } = ledger
  await queryAsAdmin(restored, `ALTER DATABASE "${restored.name}" SET ordinal.restored = on`)
  await withService(ledger, async ({ url }) => {
    expect(await workWith({ url }, '/dev/null').post('/api/v1/next/SG')).toMatchObject({
      status: 503,
      body: { code: 'ledger_behind' },
    })
  })
  await queryAsAdmin(restored, `ALTER DATABASE "${restored.name}" RESET ordinal.restored`)
  await withService(ledger, async ({ url }) => {
    expect((await workWith({ url }, '/dev/null').post('/api/v1/next/SG')).status).toBe(200)
  })
})

test('a ledger that may not issue gets no keys into its register, and gets them once it may', async () => {
  ledger = await restoreLedger(
    ({ issue }) => issue('SG', 1),
    () => Promise.resolve(),
  )
  const { restored } = ledger
  const entries = async () => {
    const [row] = await queryAsAdmin<{ count: number }>(
      restored,
      'SELECT count(*)::int AS count FROM register',
    )
    return row!.count
  }
  const before = await entries()
  const env = { API_KEYS: `shop:${'ab'.repeat(32)}` }
  await queryAsAdmin(restored, `ALTER DATABASE "${restored.name}" SET ordinal.restored = on`)
  const refused = await ledger.start(env)
  expect(await ready(refused.url)).toBe(503)
  await refused.stop()
  expect(await entries()).toBe(before)
  await queryAsAdmin(restored, `ALTER DATABASE "${restored.name}" RESET ordinal.restored`)
  const service = await ledger.start(env)
  await until(async () => (await entries()) === before + 1)
  await service.stop()
})

test.each([
  ['that is not there', undefined],
  ['that is empty, as a failed copy leaves it', ''],
  ['without a checkpoint', 'nothing of use\n'],
])('a file %s is no reason to issue', async (_, content) => {
  ledger = await restoreLedger(
    ({ issue }) => issue('SG', 1),
    () => Promise.resolve(),
  )
  const file = content === undefined ? `${ledger.checkpointFile}.not` : ledger.checkpointFile
  if (content !== undefined) writeFileSync(file, content)
  const service = await ledger.start({ SEQUENCER_KEPT_CHECKPOINT: file })
  const { status, body } = await workWith(service, '/dev/null').post('/api/v1/next/SG')
  await service.stop()
  expect([status, body.detail]).toEqual([503, expect.stringContaining('could not be compared')])
  expect(body.detail).not.toContain(file)
  expect(whyNot(service)).toEqual([expect.stringContaining(file)])
  expect(whyNot(service)[0]).toContain('the word "none"')
})

test('of a log whose last line is half written, the checkpoint before it counts', async () => {
  ledger = await restoreLedger(
    ({ issue, keepCheckpoint }) => issue('SG', 1).then(keepCheckpoint),
    () => Promise.resolve(),
  )
  const whole = readFileSync(ledger.checkpointFile, 'utf8')
  writeFileSync(ledger.checkpointFile, `${whole}\n${whole.slice(0, -40)}`)
  await withService(ledger, async ({ url }) => {
    expect((await workWith({ url }, '/dev/null').post('/api/v1/next/SG')).status).toBe(200)
  })
  // Not the one before those that do not fit: of them the last counts.
  const other = await restoreLedger(
    ({ issue }) => issue('SG', 1),
    ({ issue, keepCheckpoint }) => issue('SG', 2).then(keepCheckpoint),
  )
  writeFileSync(
    ledger.checkpointFile,
    `${whole}\n${readFileSync(other.checkpointFile, 'utf8')}\n${whole.slice(0, -40)}`,
  )
  await withService(ledger, async ({ url }) => {
    expect((await workWith({ url }, '/dev/null').post('/api/v1/next/SG')).status).toBe(503)
  })
  await other.remove()
})

test('after a change of the key nothing is issued until the word none is in its place, and the log says so', async () => {
  ledger = await restoreLedger(
    ({ issue, keepCheckpoint }) => issue('SG', 1).then(keepCheckpoint),
    () => Promise.resolve(),
  )
  const kept = readFileSync(ledger.checkpointFile, 'utf8')
  const service = await ledger.start({ SEQUENCER_SIGNING_KEY: newSigningKey() })
  const { post } = workWith(service, '/dev/null')
  const sign = async () => {
    const answer = await fetch(`${service.url}/api/v1/audit/checkpoints`, { headers: await bearer('viewer') })
    return { status: answer.status, body: (await answer.json()) as { detail?: string } }
  }
  for (const { status, body } of [await post('/api/v1/next/SG'), await sign()]) {
    expect([status, body.detail]).toEqual([503, expect.stringContaining('could not be compared')])
    expect(body.detail).not.toContain('--raise-counters')
  }
  expect(whyNot(service)).toEqual([expect.stringContaining('the word "none"')])
  writeFileSync(ledger.checkpointFile, 'none\n')
  expect((await post('/api/v1/next/SG')).status).toBe(200)
  expect((await sign()).status).toBe(200)
  // Of a ledger that was compared, it closes nothing.
  writeFileSync(ledger.checkpointFile, kept)
  await until(() =>
    Promise.resolve(
      service.lines.some((line) => line.includes('cannot be checked') && line.includes('retrying')),
    ),
  )
  expect((await post('/api/v1/next/SG')).status).toBe(200)
  await service.stop()
})

test('a place that does not answer is named in the log, with the reason, and callers get neither', async () => {
  ledger = await restoreLedger(
    ({ issue }) => issue('SG', 1),
    () => Promise.resolve(),
  )
  const server = createServer((_, answer) => answer.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const place = `http://127.0.0.1:${(server.address() as AddressInfo).port}/last.jws`
  const service = await ledger.start({ SEQUENCER_KEPT_CHECKPOINT: place })
  const { status, body } = await workWith(service, '/dev/null').post('/api/v1/next/SG')
  await service.stop()
  server.close()
  expect([status, body.detail]).toEqual([503, expect.stringContaining('the log of the sequencer says why')])
  expect(body.detail).not.toContain(place)
  expect(whyNot(service)[0]).toContain(`${place}: `)
  expect(whyNot(service)[0]).toMatch(/other side closed|ECONNRESET/)
})

/** Why nothing is issued, as often as it is in the log. */
const whyNot = ({ lines }: { lines: string[] }) =>
  lines
    .filter((line) => line.includes('no numbers are issued'))
    .map((line) => (JSON.parse(line) as { why: string }).why)

/** What the document of the API says of the answer 503 of a call. */
async function documentedAs503(url: string, method: string, path: string): Promise<string> {
  const { paths, components } = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { responses: Record<string, { $ref: string }> }>>
    components: { responses: Record<string, { description: string }> }
  }
  const { $ref } = paths[path]![method]!.responses[503]!
  return components.responses[$ref.split('/').at(-1)!]!.description
}
