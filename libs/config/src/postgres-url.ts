import { closest, distance } from 'fastest-levenshtein'
import { certificateParameters, faultOfFiles } from './certificate-parameters'

const form = 'postgres://user:password@host:port/database'
const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']
const known = ['application_name', 'host', 'port', 'sslmode', ...certificateParameters]

/** What stands in place of parameters that other programs know. */
const instead = new Map([
  ['schema', 'the tables of a service are in the schema public of a database of its own'],
  ['pgbouncer', 'a pooler is detected, or said by …_DB_POOLER'],
  ['connection_limit', 'it is set by …_DB_POOL_SIZE'],
  [
    'passfile',
    'a file with the password is named by …_DB_PASSWORD_FILE, one with the URL by …_DATABASE_URL_FILE',
  ],
  ['password', 'it is a part of the URL before the @'],
  ['user', 'it is a part of the URL before the @'],
])

/**
 * What is wrong with a PostgreSQL URL, if anything is: what follows the name of its variable in a line. It has to name its
 * database, and its parameters have to be known; nothing in it is left out in silence.
 */
export function faultOfPostgresUrl(text: string): string | undefined {
  if (!/^postgres(ql)?:\/\//.test(text)) return 'must be a URL that starts with postgres://'
  // URL takes `u:p#w@host/db` for a host `u` and a fragment, so the text itself is looked at.
  const credentials = text.slice(text.indexOf('://') + 3, Math.max(0, text.lastIndexOf('@')))
  if (/[@/?#[\]\s]|%(?![0-9a-f]{2})/i.test(credentials) || text.includes('#')) {
    return 'has a user or password that is not percent-encoded (p@ss/w#rd is written p%40ss%2Fw%23rd)'
  }
  if (!URL.canParse(text)) return `must have the form ${form}`
  const { pathname, searchParams } = new URL(text)
  if (pathname.length <= 1) return `must name a database: ${form}`
  return faultOfParameters(searchParams)
}

function faultOfParameters(parameters: URLSearchParams): string | undefined {
  const unknown = [...new Set(parameters.keys())].filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    return unknown
      .map((name) => `has the parameter ${JSON.stringify(name)}, which is not known: ${adviceFor(name)}`)
      .join('; ')
  }
  for (const name of new Set(parameters.keys())) {
    if (parameters.getAll(name).length > 1) return `has the parameter ${name} more than once`
    if (parameters.get(name) === '') return `has the parameter ${name} without a value`
  }
  const given: Record<string, string> = Object.fromEntries(parameters)
  return faultOfPlace(given) ?? faultOfTls(given)
}

function faultOfPlace({ host, port }: Record<string, string>): string | undefined {
  const isPort = port === undefined || (/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)
  if (!isPort) return 'has a port that is not a whole number from 1 to 65535'
  return host?.includes(',') ? 'has more than one host: name the one that takes writes' : undefined
}

function adviceFor(name: string): string {
  const meant = closest(name, known)
  return (
    instead.get(name) ?? (distance(name, meant) <= 2 ? `is ${meant} meant?` : `known are ${known.join(', ')}`)
  )
}

function faultOfTls({ sslmode, ...rest }: Record<string, string>): string | undefined {
  const { sslrootcert, sslcert, sslkey } = rest
  if (sslmode === undefined) {
    const lonely = certificateParameters.find((name) => rest[name] !== undefined)
    return lonely && `has ${lonely} without sslmode, which says what it is for: verify-full, for one`
  }
  if (!modes.includes(sslmode)) return `has an sslmode that is none of ${modes.join(', ')}`
  if (sslmode === 'verify-ca' && sslrootcert === undefined)
    return 'has sslmode=verify-ca without sslrootcert, the file with the certificate of the authority'
  if (sslrootcert === 'system' && sslmode !== 'verify-full')
    return 'has sslrootcert=system, whose authorities sign for anybody: it needs sslmode=verify-full'
  if ((sslcert === undefined) !== (sslkey === undefined))
    return 'must have both sslcert and sslkey, or neither'
  return faultOfFiles(new URLSearchParams(rest))
}
