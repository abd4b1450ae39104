import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'

/** The parameters of a URL that name the files of TLS, as libpq calls them. */
export const certificateParameters = ['sslrootcert', 'sslcert', 'sslkey']

/**
 * What is wrong with the files that a URL names, if anything is: what follows the name of its variable in a line. Found at the
 * start, and not with the first connection.
 */
export function faultOfFiles(given: Record<string, string>): string | undefined {
  const read = new Map<string, string>()
  for (const name of certificateParameters) {
    const file = given[name]
    if (file === undefined || (name === 'sslrootcert' && file === 'system')) continue
    const says = `has ${name}=${JSON.stringify(file)}, which`
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return `${says} is not a file`
    const text = valueOf(() => readFileSync(file, 'utf8'))
    if (text === undefined) return `${says} this program may not read`
    const isRight = valueOf(() => (name === 'sslkey' ? createPrivateKey(text) : new X509Certificate(text)))
    if (!isRight)
      return `${says} has no ${name === 'sslkey' ? 'private key without a password' : 'certificate'} in PEM`
    read.set(name, text)
  }
  const [certificate, key] = [read.get('sslcert'), read.get('sslkey')]
  if (certificate === undefined || key === undefined) return undefined
  if (new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) return undefined
  return 'has an sslkey that is not the key of sslcert'
}

function valueOf<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
