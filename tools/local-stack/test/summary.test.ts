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

/** What curl is called with in a shell that has the lines of the summary. */
function askedBy(call: string): string {
  const lines = summary.match(/^ {2}(OPERATOR=|curl\(\)).*$/gm)!
  expect(lines).toHaveLength(2)
  const printing = `command() { shift; printf '<%s>' "$@"; }`
  return execFileSync('bash', ['-euc', [printing, ...lines, call].join('\n')], { encoding: 'utf8' })
}

const tokenOf = (whose: string) => `<-H><Authorization: Bearer token-of-${whose}>`

test('calls of the stack send a token, in a shell with the lines that are printed', () => {
  expect(askedBy(`curl -s localhost:8083/v1/sequence -d 'a b'`)).toBe(
    `${tokenOf('operator')}<-s><localhost:8083/v1/sequence><-d><a b>`,
  )
})

test('a call that has a token of its own sends that alone', () => {
  const other = `-H "Authorization: Bearer token-of-admin"`
  expect(askedBy(`curl localhost:8083/v1/sequence ${other}`)).toBe(
    `<localhost:8083/v1/sequence>${tokenOf('admin')}`,
  )
  expect(askedBy(`curl localhost:8083/ -H 'authorization: Basic x'`)).not.toContain('operator')
})

test('no other host is sent a token', () => {
  expect(askedBy('curl https://example.com/')).toBe('<https://example.com/>')
})
