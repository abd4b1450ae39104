import { certificateParameters, faultOfFiles } from './certificate-parameters'

/**
 * What is wrong with a URL of Redis, if anything is: what follows the name of its variable in a line. The files of TLS are
 * named by the same parameters as in a URL of PostgreSQL.
 */
export function faultOfRedisUrl(text: string): string | undefined {
  if (!/^rediss?:\/\//.test(text) || !URL.canParse(text)) return 'must be a URL with redis:// or rediss://'
  const { protocol, searchParams } = new URL(text)
  const given = certificateParameters.filter((name) => searchParams.has(name))
  for (const name of given) {
    if (searchParams.getAll(name).length > 1) return `has the parameter ${name} more than once`
    if (searchParams.get(name) === '') return `has the parameter ${name} without a value`
  }
  if (given.length === 0) return undefined
  if (protocol === 'redis:')
    return `has ${given[0]}, and begins with redis://, which is clear text: write rediss://`
  if (searchParams.has('sslcert') !== searchParams.has('sslkey'))
    return 'must have both sslcert and sslkey, or neither'
  return faultOfFiles(searchParams)
}
