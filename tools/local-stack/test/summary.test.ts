import { execFileSync } from 'node:child_process'
import { summarize } from '../src/summary'

const summary = summarize({
  services: [],
  postgres: { port: 5432, adminPasswordFile: '/data/password' },
  logFolder: '/data/logs',
  authority: undefined,
  closed: true,
  tokens: [{ role: 'operator', token: 'token-of-operator' }],
})

/** The arguments that curl gets from a call, in a shell with the printed lines. */
function argumentsOf(call: string): string {
  const lines = summary.match(/^ {2}(OPERATOR=|curl\(\)).*$/gm)!
  expect(lines).toHaveLength(2)
  const printing = `command() { shift; printf '<%s>' "$@"; }`
  return execFileSync('bash', ['-euc', [printing, ...lines, call].join('\n')], { encoding: 'utf8' })
}

const tokenOf = (whose: string) => `<-H><Authorization: Bearer token-of-${whose}>`

test('in a shell with the printed lines, a call to the services sends a token', () => {
  expect(argumentsOf(`curl -s localhost:8083/api/v1/sequences -d 'a b'`)).toBe(
    `${tokenOf('operator')}<-s><localhost:8083/api/v1/sequences><-d><a b>`,
  )
})

test('a call that has a token of its own sends that alone', () => {
  const other = `-H "Authorization: Bearer token-of-admin"`
  expect(argumentsOf(`curl localhost:8083/api/v1/sequences ${other}`)).toBe(
    `<localhost:8083/api/v1/sequences>${tokenOf('admin')}`,
  )
  expect(argumentsOf(`curl localhost:8083/ -H 'authorization: Basic x'`)).not.toContain('operator')
})

test('a call to another host sends no token', () => {
  expect(argumentsOf('curl https://example.com/')).toBe('<https://example.com/>')
})
