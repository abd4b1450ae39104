import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'

/** The part of a URL that Redis' client understands, and the TLS that the rest of it asks for. */
export interface RedisAddress {
  url: string
  /** Undefined if the URL names no files. */
  tls: { readonly secureContext: SecureContext } | undefined
}

/**
 * Reads the files that `sslrootcert`, `sslcert` and `sslkey` of a URL name. They are read again for each connection, so that
 * renewed ones are in use from the next on.
 *
 * @throws Error if they cannot be read the first time; later, what was read before stays in use
 */
export function addressOf(url: string): RedisAddress {
  if (!/[?&]ssl(rootcert|cert|key)=/.test(url)) return { url, tls: undefined }
  const address = new URL(url)
  const files = { ca: 'sslrootcert', cert: 'sslcert', key: 'sslkey' }
  const named = Object.entries(files).flatMap(([option, parameter]) => {
    const file = address.searchParams.get(parameter)
    address.searchParams.delete(parameter)
    return file === null ? [] : [[option, file] as const]
  })
  const read = () =>
    createSecureContext({
      minVersion: 'TLSv1.2',
      ...Object.fromEntries(
        named.flatMap(([option, file]) => (file === 'system' ? [] : [[option, readFileSync(file, 'utf8')]])),
      ),
    })
  let latest = read()
  const tls = {
    get secureContext() {
      try {
        latest = read()
      } catch {
        // Half of a renewal: the next connection reads them again.
      }
      return latest
    },
  }
  return { url: address.href, tls }
}
