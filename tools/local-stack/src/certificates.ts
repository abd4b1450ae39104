import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { boolean } from '@ordinal/config'
import { listedServices, variablesOf } from './service-list'

const dayMs = 86_400_000
const validDays = 30
const kind = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const
// As the altNames of certificates number them.
const [dnsName, ipAddress] = [2, 7] as const

/** The files of `make run TLS=1`. */
const filesIn = (folder: string) => ({
  ca: join(folder, 'ca.crt'),
  cert: join(folder, 'tls.crt'),
  key: join(folder, 'tls.key'),
})

/**
 * The environment of `make run TLS=1`: all services serve TLS, and trust each other, by a certificate of an authority that is
 * made on the spot. What the environment says of TLS already stays.
 *
 * @returns the environment, and the file with the certificate of the authority
 * @throws Error if TLS says neither yes nor no
 */
export async function withCertificates(
  environment: NodeJS.ProcessEnv,
  folder: string,
): Promise<{ environment: NodeJS.ProcessEnv; authority: string | undefined }> {
  const without = { environment, authority: undefined }
  if (!environment.TLS) return without
  const wanted = boolean().safeParse(environment.TLS)
  if (!wanted.success) throw new Error(`TLS is "${environment.TLS}"; true or false is expected`)
  if (!wanted.data) return without
  const { ca, cert, key } = filesIn(folder)
  if (!isGood(cert) || !existsSync(ca) || !existsSync(key)) await makeCertificate(folder)
  const made = listedServices.flatMap(({ name, calls, followsKeys }) => {
    const prefix = variablesOf(name)
    return [
      [`${prefix}_TLS_CERT_FILE`, cert],
      [`${prefix}_TLS_KEY_FILE`, key],
      ...(calls || followsKeys ? [[`${prefix}_CALLS_TLS_CA_FILE`, ca]] : []),
    ]
  })
  const given = Object.entries(environment).filter(([, value]) => value)
  return { environment: Object.fromEntries([...made, ...given]) as NodeJS.ProcessEnv, authority: ca }
}

/** Whether there is a certificate that is valid for another day. */
const isGood = (file: string) =>
  existsSync(file) && Date.parse(new X509Certificate(readFileSync(file)).validTo) > Date.now() + dayMs

/** The key of the authority is kept nowhere: whoever trusts it trusts this certificate alone. */
async function makeCertificate(folder: string): Promise<void> {
  // Loaded where there is TLS.
  const { generate } = await import('selfsigned')
  const valid = {
    ...kind,
    notBeforeDate: new Date(Date.now() - dayMs),
    notAfterDate: new Date(Date.now() + validDays * dayMs),
  }
  const authority = await generate([{ name: 'commonName', value: 'Ordinal on this machine' }], {
    ...valid,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  const issued = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...valid,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: dnsName, value: 'localhost' },
          { type: ipAddress, ip: '127.0.0.1' },
          { type: ipAddress, ip: '::1' },
        ],
      },
    ],
  })
  const { ca, cert, key } = filesIn(folder)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(key, issued.private, { mode: 0o600 })
  await writeFile(ca, authority.cert)
  await writeFile(cert, issued.cert)
}
