import { writeFile } from 'node:fs/promises'
import fc from 'fast-check'
import { createAuthority, createCertificateFolder, type Authority, type Credentials } from '@ordinal/testing'
import { faultsOfCallTls, faultsOfTls } from '../src'
import { readCertificates } from '@ordinal/config'

let authority: Authority
let issued: Credentials
let folder: Awaited<ReturnType<typeof createCertificateFolder>>
beforeAll(async () => {
  authority = await createAuthority()
  issued = await authority.issue()
  folder = await createCertificateFolder({ ...issued, ca: authority.cert })
})
beforeEach(() => folder.swap({ ...issued, ca: authority.cert }))
afterAll(() => folder.remove())

const soon = new Date(Date.now() + 3_600_000)
const past = new Date(Date.now() - 3_600_000)

test('what is right is read, with the end of its validity', async () => {
  const { cert, key } = await authority.issue({ validTo: soon })
  await folder.swap({ cert: `A comment\n${cert}\n${authority.cert}\r\n`, key })
  const { options, validTo } = readCertificates(folder)
  expect(options).toMatchObject({ key, ca: authority.cert, minVersion: 'TLSv1.2' })
  expect(Math.abs(validTo!.getTime() - soon.getTime())).toBeLessThan(1_000)
})

test.each<[string, () => Promise<Parameters<typeof folder.swap>[0]>, RegExp]>([
  [
    'the key of another certificate',
    async () => ({ key: (await authority.issue()).key }),
    /tls.key": it has a key that is not/,
  ],
  [
    'a certificate that has expired',
    () => authority.issue({ validTo: past }),
    /tls.crt": it has a certificate that expired on/,
  ],
  ['one that is not valid yet', () => authority.issue({ validFrom: soon }), /tls.crt": .* valid only from/],
  [
    'two certificates on one line',
    () => Promise.resolve({ ca: authority.cert.trim().repeat(2) }),
    /ca.crt": .* lines of its own/,
  ],
  [
    'a key in place of authorities',
    () => Promise.resolve({ ca: issued.key }),
    /ca.crt": it has no certificate/,
  ],
  ['an empty file', () => Promise.resolve({ cert: '' }), /tls.crt": it has no certificate/],
])('%s is refused, with the file and the reason', async (_what, change, expected) => {
  await folder.swap(await change())
  expect(() => readCertificates(folder)).toThrow(expected)
  expect(faultsOfTls('X', settings())).toEqual([
    { variable: expect.any(String), message: expect.stringMatching(expected) },
  ])
})

test('a file that is cut off anywhere is refused', async () => {
  const texts = { cert: issued.cert.trim(), key: issued.key.trim(), ca: `${authority.cert.trim()}`.trim() }
  const which = fc.constantFrom<keyof typeof texts>('cert', 'key', 'ca')
  await fc.assert(
    fc.asyncProperty(
      which,
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      async (file, share) => {
        await folder.swap(texts)
        await folder.overwrite(file, texts[file].slice(0, Math.floor(texts[file].length * share)))
        expect(() => readCertificates(folder)).toThrow(/": it /)
      },
    ),
    { numRuns: 60 },
  )
})

const settings = () => ({
  tlsCertFile: folder.certFile,
  tlsKeyFile: folder.keyFile,
  tlsCaFile: folder.caFile,
  tlsRequireClientCertificate: true,
})

test('settings that do not go together are faults, each with the variable to correct', async () => {
  const without = { tlsCertFile: undefined, tlsKeyFile: undefined, tlsCaFile: undefined }
  expect(faultsOfTls('X', settings())).toEqual([])
  expect(faultsOfTls('X', { ...without, tlsRequireClientCertificate: false })).toEqual([])
  const messages = (changed: object) =>
    faultsOfTls('X', { ...settings(), ...changed }).map(({ message }) => message)
  expect(messages({ tlsKeyFile: undefined })).toEqual([
    'X_TLS_KEY_FILE must be set, or neither of X_TLS_CERT_FILE and X_TLS_KEY_FILE',
  ])
  expect(messages({ ...without })).toEqual([
    'X_TLS_CERT_FILE must be set: X_TLS_REQUIRE_CLIENT_CERTIFICATE is true',
  ])
  expect(messages({ tlsCaFile: undefined })).toEqual([
    'X_TLS_CA_FILE must be set: X_TLS_REQUIRE_CLIENT_CERTIFICATE is true',
  ])
  expect(messages({ tlsRequireClientCertificate: false })).toEqual([
    expect.stringMatching(/^X_TLS_CA_FILE is for .* set X_TLS_REQ/),
  ])
  expect(messages({ tlsKeyFile: '/nowhere/tls.key' })).toEqual([
    'X_TLS_KEY_FILE is "/nowhere/tls.key": there is no such file',
  ])
  expect(messages({ tlsCaFile: '/' })).toEqual(['X_TLS_CA_FILE is "/": it is not a file'])
  await writeFile(folder.caFile, 'x'.repeat(1_048_577))
  expect(messages({})).toEqual([
    expect.stringMatching(/^X_TLS_CA_FILE is .*: it has more than 1048576 bytes/),
  ])
})

test('in production, what is to be called by TLS is not called in clear text', () => {
  const calls = { callCaFile: folder.caFile, callCertFile: folder.certFile, callKeyFile: folder.keyFile }
  const urls = { A_URL: 'http://a', B_URL: 'https://b' }
  const messages = (changed: object, nodeEnv?: string) =>
    faultsOfCallTls('X', { ...calls, nodeEnv, ...changed }, urls).map(({ message }) => message)
  expect(messages({})).toEqual([])
  expect(messages({}, 'production')).toEqual([
    'A_URL is http://, and NODE_ENV is production: X_CALLS_TLS_CA_FILE says that calls go by TLS; use https://',
  ])
  expect(faultsOfCallTls('X', { nodeEnv: 'production' }, urls)).toEqual([])
  expect(messages({ callCertFile: undefined })).toEqual([
    'X_CALLS_TLS_CERT_FILE must be set, or neither of X_CALLS_TLS_CERT_FILE and X_CALLS_TLS_KEY_FILE',
  ])
  expect(messages({ callCaFile: '/nowhere' })).toEqual([
    'X_CALLS_TLS_CA_FILE is "/nowhere": there is no such file',
  ])
})
