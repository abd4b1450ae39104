import { Writable } from 'node:stream'
import { createLogger, redact } from '../src'

function collector(): Writable & { text: string } {
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      collected.text += chunk.toString()
      done()
    },
  })
  const collected = Object.assign(stream, { text: '' })
  return collected
}

const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

test('a line is one JSON object with time, level, service, message and the fields', async () => {
  const stream = collector()
  const log = createLogger({ service: 'user-service', level: 'info', stream })
  log.info('request', { status: 200, path: '/a\nb' })
  log.debug('not this one')
  await log.close()
  const [line, ...rest] = linesOf(stream.text)
  expect(rest).toEqual([])
  expect(line).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    level: 'info',
    service: 'user-service',
    message: 'request',
    status: 200,
    path: '/a\nb',
  })
})

test('secrets are redacted at every depth, in headers, URLs and the causes of errors', async () => {
  const stream = collector()
  const log = createLogger({ service: 's', level: 'info', stream })
  const cause = new Error('connect postgres://me:hunter2@db:5432/x failed')
  log.error('failed', {
    headers: { Authorization: 'Bearer hunter2', 'X-API-Key': 'hunter2', cookie: 'hunter2' },
    nested: { list: [{ password: 'hunter2', name: 'kept' }] },
    url: 'redis://:hunter2@redis:6379',
    error: new Error('outer', { cause }),
  })
  await log.close()
  expect(stream.text).not.toContain('hunter2')
  expect(stream.text).toContain('kept')
  expect(stream.text).toContain('outer')
})

test('the line of a request is as any other, and as little written where the level is higher', async () => {
  const written = async (level: string) => {
    const stream = collector()
    const log = createLogger({ service: 's', level, stream })
    const fields = {
      path: '/a://b:hunter2@c',
      token: 'hunter2',
      time: 'not this',
      route: undefined,
      status: 200,
    }
    log.request(fields)
    log.info('request', fields)
    await log.close()
    return stream.text
  }
  const [direct, usual] = linesOf(await written('info'))
  expect(direct).toEqual({ ...usual, time: direct!.time })
  expect(direct).toMatchObject({
    message: 'request',
    path: '/a://b:[redacted]@c',
    token: '[redacted]',
    status: 200,
  })
  expect(await written('warn')).toBe('')
})

test.each([
  ['postgres://me:hunter2@db:5432/x', 'postgres://me:[redacted]@db:5432/x'],
  ['a b://:p@s:/#%w@host/path c', 'a b://:[redacted]@host/path c'],
  ['two: a://b:c@d e://f:g@h', 'two: a://b:[redacted]@d e://f:[redacted]@h'],
  ['http://host:8080/path', 'http://host:8080/path'],
  ['https://example.com/@someone', 'https://example.com/@someone'],
  ['mail@example.com http://host:80', 'mail@example.com http://host:80'],
  ['me@there,http://host:80', 'me@there,http://host:80'],
  ['/api/v1/users/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl', '/api/v1/users/[redacted]'],
  [
    '?a=eyJhbGciOiJIUzI1NiJ9.e30.&b=Bearer%20eyJhbGciOiJIUzI1NiJ9.e30.x',
    '?a=[redacted]&b=Bearer%20[redacted]',
  ],
  ['eyJ.txt, of eyJhbGciOiJIUzI1NiJ9 alone', 'eyJ.txt, of eyJhbGciOiJIUzI1NiJ9 alone'],
  [`/n?key=ordinal_7hKq2LmXw0Rt_${'x'.repeat(46)}&b`, '/n?key=ordinal_7hKq2LmXw0Rt_[redacted]&b'],
  [
    `Bearer ordinal_7hKq2LmXw0Rt_${'x'.repeat(9)} a://b:c@d`,
    'Bearer ordinal_7hKq2LmXw0Rt_[redacted] a://b:[redacted]@d',
  ],
  ['ordinal_sequences', 'ordinal_sequences'],
])('%s is logged as %s', (text, logged) => {
  expect(redact(text)).toBe(logged)
})

test('a text that is made to be slow costs no more than another of its length', () => {
  // With the expression that this once was, minutes.
  expect(redact('a://b:'.repeat(300_000))).toHaveLength(1_800_000)
  expect(redact('ordinal_A'.repeat(200_000))).toHaveLength(1_800_000)
})

test('what JSON cannot say is no reason to fail', () => {
  const cycle: Record<string, unknown> = { n: 1n, when: new Date(Number.NaN) }
  cycle.self = cycle
  expect(() => JSON.stringify(redact(cycle))).not.toThrow()
})

test('50,000 lines, then close: every line is there', async () => {
  const stream = collector()
  const log = createLogger({ service: 's', level: 'info', stream })
  for (let n = 0; n < 50_000; n++) log.info('line', { n })
  await log.close()
  expect(linesOf(stream.text).map((line) => line.n)).toEqual(Array.from({ length: 50_000 }, (_, n) => n))
})

test('a reader that stalls bounds the memory, and the lines that were dropped are counted', async () => {
  let release: () => void = () => undefined
  const written: string[] = []
  const stream = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString())
      release = done
    },
  })
  const log = createLogger({ service: 's', level: 'info', stream })
  log.info('first')
  await new Promise((resolve) => setImmediate(resolve))
  const long = 'x'.repeat(1024)
  for (let n = 0; n < 20_000; n++) log.info(long) // 20 MB against a bound of 8 MB
  await new Promise((resolve) => setImmediate(resolve))
  expect(written).toHaveLength(1)

  const closed = log.close()
  const pump = setInterval(() => release(), 1)
  await closed
  clearInterval(pump)
  const lines = linesOf(written.join(''))
  const dropped = lines.find((line) => line.message === 'log lines dropped')
  expect(dropped).toMatchObject({ level: 'warn', service: 's' })
  expect(dropped?.dropped).toBeGreaterThan(5_000)
  expect(lines).toHaveLength(20_002 - Number(dropped?.dropped))
})
