import { createHash } from 'node:crypto'
import { parseConfig } from '@ordinal/config'
import { loadProtos } from '@ordinal/grpc'
import { createGrpcClient, type GrpcClient, type TestDatabase } from '@ordinal/testing'
import { sequencerConfig } from '../src/config'
import { createLedgerDatabase, startSequencer, upTo, valuesIn } from './sequencer'
import { bearer, secret } from './tokens'

const protos = loadProtos(__dirname, 'sequencer.proto')
const machineKey = 'k'.repeat(43)
const API_KEYS = `shop:${createHash('sha256').update(machineKey).digest('hex')}`
const required = { SEQUENCER_REQUIRE_AUTHENTICATION: 'true' }

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let client: GrpcClient

beforeAll(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, { ...required, JWT_SECRET: secret, API_KEYS })
  client = createGrpcClient(sequencer.grpcPort!, protos, 'sequential.SequentialIDService')
})
afterAll(async () => {
  client.close()
  await sequencer.stop()
  await database.drop()
})

interface Operation {
  security: object[]
}

test('whoever says nothing of itself gets 401 everywhere but at probes, documents and pages of errors, and no number', async () => {
  const open: string[] = []
  for (const [path, operations] of Object.entries(sequencer.openApi.paths!)) {
    for (const [method, operation] of Object.entries(operations as Record<string, Operation>)) {
      const { status, body } = await sequencer.api.request({
        method: method.toUpperCase(),
        path: path.replaceAll(/\{\w+\}/g, 'SG'),
      })
      const { code } = body as { code?: string }
      const asks = status === 401 && code === 'authentication_required'
      if (!asks) open.push(path)
      // What is documented is what is done.
      const offers = operation.security.map((way) => Object.keys(way)[0] ?? 'nothing')
      expect([path, offers.length === 0 || offers.includes('nothing')]).toEqual([path, !asks])
    }
  }
  expect(open.sort()).toEqual([
    '/docs',
    '/errors/{code}',
    '/health',
    '/health/live',
    '/health/ready',
    '/metrics',
    '/metrics/db',
    '/openapi.json',
  ])
  expect(await valuesIn(database, 'SG')).toEqual([])
})

test('the same over gRPC', async () => {
  for (const method of ['GetNext', 'GetNextBatch', 'GetStatus', 'Confirm', 'Release']) {
    const { code, trailers } = await client.call(method, {})
    expect([method, code, trailers['ordinal-error-code']]).toEqual([
      method,
      'UNAUTHENTICATED',
      'authentication_required',
    ])
  }
})

test('/health says that callers must authenticate, to strangers as well', async () => {
  const { body } = await sequencer.api.get('/health')
  expect(body.authentication_required).toBe(true)
})

test('a key, or a token of any role or none, is enough for what asks for no role', async () => {
  const { api } = sequencer
  const key = { 'X-API-Key': machineKey }
  const noRole = await bearer('clerk')
  expect((await api.post('/api/v1/next/PO', undefined, { headers: key })).status).toBe(200)
  expect((await api.post('/api/v1/next/PO', undefined, { headers: noRole })).status).toBe(200)
  const { code } = await client.call('GetNext', { prefix: 'PO' }, { metadata: { 'x-api-key': machineKey } })
  expect(code).toBe('OK')
  expect(await valuesIn(database, 'PO')).toEqual(upTo(3))
  expect((await api.get('/api/v1/sequences', { headers: noRole })).body).toMatchObject({
    code: 'role_too_low',
  })
})

test('the message says how a caller identifies itself, and the header too', async () => {
  const { headers, body } = await sequencer.api.post('/api/v1/next/SG')
  expect(body).toMatchObject({
    detail: 'This needs a caller who is known: send a token as Authorization: Bearer, or a key as X-API-Key',
  })
  expect(headers.get('WWW-Authenticate')).toBe('Bearer realm="ordinal"')
})

test('where nothing is configured by which a caller could be known, it does not start', () => {
  const parse = (more: Record<string, string>) => () =>
    parseConfig(sequencerConfig, {
      SEQUENCER_DATABASE_URL: 'postgres://localhost/ledger',
      ...required,
      ...more,
    })
  const refusal =
    /SEQUENCER_REQUIRE_AUTHENTICATION is true, and no caller could .* set JWT_SECRET, JWKS_URL or API_KEYS/
  expect(parse({})).toThrow(refusal)
  // What allows a start without any authentication does not make callers known.
  expect(parse({ NODE_ENV: 'production', ALLOW_NO_AUTHENTICATION: 'true' })).toThrow(refusal)
  expect(parse({ API_KEYS })).not.toThrow()
})
