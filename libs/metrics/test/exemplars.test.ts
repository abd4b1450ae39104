import { createMetrics } from '../src'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'

async function textsOf(served: { seconds: number; traceId?: string }[]) {
  const metrics = createMetrics('test')
  for (const each of served) {
    metrics.requestStarted()
    metrics.requestServed({ method: 'GET', route: '/things/{id}', status: 200, ...each })
  }
  return { plain: await metrics.scrape(), open: await metrics.scrapeOpenMetrics() }
}
const bucket = (le: string) =>
  `test_request_duration_seconds_bucket{le="${le}",method="GET",route="/things/{id}"}`

test('a bucket has the last trace that was recorded in it', async () => {
  const { open } = await textsOf([
    { seconds: 0.003, traceId: 'a'.repeat(32) },
    { seconds: 0.004, traceId },
    { seconds: 0.004 },
    { seconds: 99, traceId: 'b'.repeat(32) },
  ])
  const lines = open.split('\n')
  const lineOf = (le: string) => lines.find((line) => line.startsWith(bucket(le)))
  expect(lineOf('0.005')).toMatch(new RegExp(`^[^#]+ 3 # \\{trace_id="${traceId}"\\} 0\\.004 \\d+\\.\\d{3}$`))
  expect(lineOf('+Inf')).toContain(`# {trace_id="${'b'.repeat(32)}"} 99 `)
  expect(lineOf('0.01')).toBe(`${bucket('0.01')} 3`)
})

test('the text is that of OpenMetrics: counters by their names without _total, no empty line, and an end', async () => {
  const { open } = await textsOf([{ seconds: 0.003 }])
  expect(open).toContain('# TYPE test_requests counter\ntest_requests_total{')
  expect(open).toContain('# HELP test_requests HTTP requests answered')
  expect(open).not.toContain('\n\n')
  expect(open.endsWith('\n# EOF\n')).toBe(true)
})

test('the text for Prometheus stays as it is, with all samples and no trace', async () => {
  const { plain, open } = await textsOf([{ seconds: 0.003, traceId }])
  expect(plain).toContain('# TYPE test_requests_total counter')
  expect(plain).not.toContain(traceId)
  const samplesOf = (text: string) =>
    text
      .split('\n')
      .filter((line) => /^test_/.test(line))
      .map((line) => line.replace(/ # .*/, ''))
  expect(samplesOf(open)).toEqual(samplesOf(plain))
})
