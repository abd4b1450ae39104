import { createSecureContext, type SecureContext } from 'node:tls'
import { certificateFilesOf, readCertificates } from '@ordinal/config'

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
  const files = certificateFilesOf(address.searchParams)
  for (const name of ['sslrootcert', 'sslcert', 'sslkey']) address.searchParams.delete(name)
  const read = () => createSecureContext(readCertificates(files).options)
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
