import { isIP } from 'node:net'
import { generate } from 'selfsigned'

/** A certificate and its private key, in PEM. */
export interface Credentials {
  cert: string
  key: string
}

/** A certificate authority of a test. */
export interface Authority {
  /** Its certificate, in PEM. */
  cert: string
  /**
   * Signs a certificate for servers and clients alike.
   *
   * @param of.name the common name
   * @param of.hosts the IP addresses and names that it is for
   * @param of.validTo 1 day from now if not given
   */
  issue(of?: {
    name?: string
    hosts?: readonly string[]
    validFrom?: Date
    validTo?: Date
  }): Promise<Credentials>
}

const dayMs = 86_400_000
const kind = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const

/** Makes an authority with a key of its own. */
export async function createAuthority(name = 'Authority of a test'): Promise<Authority> {
  const authority = await generate([{ name: 'commonName', value: name }], {
    ...kind,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  return {
    cert: authority.cert,
    async issue({ name = 'service', hosts = ['127.0.0.1', 'localhost'], validFrom, validTo } = {}) {
      const issued = await generate([{ name: 'commonName', value: name }], {
        ...kind,
        notBeforeDate: validFrom ?? new Date(Date.now() - 2 * dayMs),
        notAfterDate: validTo ?? new Date(Date.now() + dayMs),
        ca: { key: authority.private, cert: authority.cert },
        extensions: [
          { name: 'basicConstraints', cA: false, critical: true },
          { name: 'keyUsage', digitalSignature: true, critical: true },
          { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
          {
            name: 'subjectAltName',
            altNames: hosts.map((host) => (isIP(host) ? { type: 7, ip: host } : { type: 2, value: host })),
          },
        ],
      })
      return { cert: issued.cert, key: issued.private }
    },
  }
}
