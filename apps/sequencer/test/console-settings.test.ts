import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '@ordinal/config'
import { createLogger } from '@ordinal/logging'
import { collectLog } from '@ordinal/testing'
import { sequencerConfig } from '../src/config'
import { consoleSite } from '../src/console/site'

const provider = {
  SEQUENCER_CONSOLE_OIDC_ISSUER: 'https://login.example.com/realms/ordinal/',
  SEQUENCER_CONSOLE_OIDC_CLIENT_ID: 'console',
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'console-'))
  mkdirSync(join(folder, 'console'))
  writeFileSync(join(folder, 'console/index.html'), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

const siteOf = (env: Record<string, string>) => {
  const log = createLogger({ service: 'sequencer', level: 'error', stream: collectLog().stream })
  return consoleSite(parseConfig(sequencerConfig, env), folder, log)!
}

test('the console is told the provider, how a token names roles, and where traces are; it may connect to its origins', () => {
  const { config, callsOrigins } = siteOf({
    ...provider,
    SEQUENCER_CONSOLE_OIDC_AUDIENCE: 'numbers',
    SEQUENCER_CONSOLE_OIDC_ORIGINS: 'https://tokens.example.com',
    SEQUENCER_CONSOLE_USERS_URL: 'https://users.example.com/below',
    JWT_ROLES_CLAIM: 'realm_access.roles',
    JWT_ROLE_MAP: 'numbers-admin=admin',
    SEQUENCER_CONSOLE_TRACES_URL: 'https://traces.example.com/search?id={request_id}',
  })
  expect(config).toMatchObject({
    // As it is given: the provider's own name for itself ends with a slash.
    oidc: { issuer: provider.SEQUENCER_CONSOLE_OIDC_ISSUER, client_id: 'console', scopes: 'openid' },
    roles: { claim: 'realm_access.roles', map: [{ name: 'numbers-admin', role: 'admin' }] },
    traces: 'https://traces.example.com/search?id={request_id}',
  })
  expect(callsOrigins).toEqual([
    'https://users.example.com',
    'https://login.example.com',
    'https://tokens.example.com',
  ])
})

test('without a provider the console hears of none', () => {
  expect(JSON.parse(JSON.stringify(siteOf({}).config))).toEqual({})
})

test.each([
  [{ SEQUENCER_CONSOLE_OIDC_ISSUER: 'https://a.example' }, 'SEQUENCER_CONSOLE_OIDC_CLIENT_ID is not set'],
  [{ SEQUENCER_CONSOLE_OIDC_CLIENT_ID: 'console' }, 'SEQUENCER_CONSOLE_OIDC_ISSUER is not set'],
  [{ ...provider, SEQUENCER_CONSOLE_OIDC_ISSUER: 'login.example.com' }, 'must be a URL'],
  [{ SEQUENCER_CONSOLE_TRACES_URL: 'https://traces.example.com' }, 'have {request_id} in it'],
  [{ SEQUENCER_CONSOLE_TRACES_URL: 'javascript:alert({request_id})' }, 'must be a URL'],
  [
    { ...provider, SEQUENCER_CONSOLE_OIDC_ISSUER: 'http://login.example.com', NODE_ENV: 'production' },
    'could sign in as anybody',
  ],
])('%j is refused at the start', (env, fault) => {
  expect(() => parseConfig(sequencerConfig, env as Record<string, string>)).toThrow(fault)
})
