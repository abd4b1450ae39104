import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createCoverage } from '../src/coverage'
import type { Finding } from '../src/player'
import { fuzz } from '../src/run'
import { growthFault } from '../src/services'
import { answer, fail, startStub } from './stub'

const nobody = { headers: {} }

/** What is found in a stub with a fault, in so many requests. */
async function found(
  plant?: Parameters<typeof startStub>[0],
  requests = 150,
  timeoutMs = 15_000,
): Promise<Finding[]> {
  const stub = await startStub(plant)
  try {
    return await fuzz({
      targets: [stub],
      requests,
      seed: 7,
      callers: { trusted: [nobody], others: [nobody] },
      timeoutMs,
    })
  } finally {
    await stub.stop()
  }
}

const hasSize = ({ text }: { text: string }) => text.startsWith('{"size":')

test('in a service that does what its document says, nothing is found', async () => {
  expect(await found(undefined, 600)).toEqual([])
})

test.each<[string, string, Parameters<typeof startStub>[0]]>([
  [
    'a body that does not fit the schema',
    'does not fit: 200 the body does not fit',
    (request, response) => {
      if (hasSize(request)) answer(response, 200, 'application/json', { size: 'large' })
      return hasSize(request)
    },
  ],
  [
    'a body that is no JSON',
    'does not fit: 200 the body does not fit',
    (request, response) => {
      if (hasSize(request)) response.writeHead(200, { 'Content-Type': 'application/json' }).end('{')
      return hasSize(request)
    },
  ],
  [
    'another media type',
    'does not fit: 200 the media type is',
    (request, response) => {
      if (hasSize(request)) answer(response, 200, 'text/plain', { size: 1 })
      return hasSize(request)
    },
  ],
  [
    'a status that is not documented',
    'does not fit: 409 the document has only',
    (request, response) => {
      if (hasSize(request)) fail(response, 409, 'conflict')
      return hasSize(request)
    },
  ],
  [
    'a code that is not documented',
    'undocumented 400 too_large',
    (request, response) => {
      if (hasSize(request)) fail(response, 400, 'too_large')
      return hasSize(request)
    },
  ],
  [
    'an error that does not agree with itself',
    'does not fit: 400 the body says status',
    (request, response) => {
      if (hasSize(request))
        answer(response, 400, 'application/problem+json', {
          code: 'validation_failed',
          status: 422,
          type: '/errors/validation_failed',
        })
      return hasSize(request)
    },
  ],
  [
    'a fault of the server',
    '500 internal_error',
    (request, response) => {
      if (request.text.includes('\\u0000')) fail(response, 500, 'internal_error')
      return request.text.includes('\\u0000')
    },
  ],
  ['an answer that does not come', 'hang', ({ text }) => text.includes('\\u0000')],
  [
    'a connection that is cut',
    'cut',
    (request) => {
      if (hasSize(request)) request.socket.destroy()
      return hasSize(request)
    },
  ],
])('%s is found', async (_, kind, plant) => {
  // Only what never answers is waited for.
  const timeoutMs = kind === 'hang' ? 500 : undefined
  const kinds = (await found(plant, 400, timeoutMs)).map((finding) => finding.kind)
  expect(kinds).toEqual(expect.arrayContaining([expect.stringContaining(kind)]))
})

test('a finding is reduced to what makes it, and its line makes it again', async () => {
  const stub = await startStub(({ text, headers }, response) => {
    if (!/"note":"[^"]/.test(text) || headers['content-type'] === undefined) return false
    fail(response, 500, 'internal_error')
    return true
  })
  try {
    const callers = { trusted: [nobody], others: [{ headers: { 'X-API-Key': 'wrong' } }] }
    const [finding] = await fuzz({ targets: [stub], requests: 200, seed: 7, callers })
    expect(finding!.line).toMatch(
      /^curl -sig --path-as-is -X PUT 'http:\S+' -H 'Content-Type: [^']+' --data-binary '\{"note":"[^"]{1,8}"\}'$/,
    )
    const { stdout } = await promisify(execFile)('bash', ['-c', finding!.line])
    expect(stdout).toContain('internal_error')
  } finally {
    await stub.stop()
  }
})

test('memory that grows beyond the bound is found', () => {
  expect(growthFault(100, 165, 64)).toContain('grew by 65 MB')
  expect(growthFault(100, 164, 64)).toBeUndefined()
  expect(growthFault(undefined, undefined, 64)).toBeUndefined()
})

test('an operation that never succeeded is reported', () => {
  const coverage = createCoverage()
  for (const operation of ['GET /a', 'GET /b', '/x.Y/Z']) coverage.expect('stub', operation)
  coverage.count('stub', 'GET /a', '200')
  coverage.count('stub', 'GET /b', '404')
  coverage.count('stub', '/x.Y/Z', 'OK')
  expect(coverage.unreached()).toEqual(['stub  GET /b'])
})
