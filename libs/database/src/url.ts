export interface DatabaseAddress {
  /** A name, an IPv4 or IPv6 address, or the folder of a Unix socket. */
  host: string
  port: number
  user: string
  password: string
  /** The database. */
  name: string
}

/**
 * The URL of a database from its parts, every part encoded, so that a password may hold any character.
 * @throws Error if the database's name has one of `; / ? : @ & = + $ , #`: pg reads those back encoded.
 */
export function databaseUrl({ host, port, user, password, name }: DatabaseAddress): string {
  const path = encodeURIComponent(name)
  if (decodeURI(path) !== name) throw new Error(`No URL can name the database "${name}": rename it`)
  const authority = host.includes(':') ? `[${host}]` : encodeURIComponent(host)
  return `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${authority}:${port}/${path}`
}

/** The URL without its password and parameters, for logs and messages. Never throws. */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return '(not a URL)'
  const { protocol, username, password, host, pathname, search, hash } = new URL(url)
  // A password that was not encoded ends up behind the host: then nothing of the URL is safe to show.
  if (hash || /@/.test(pathname + search)) return '(not a valid database URL: encode its password)'
  const user = username && `${username}${password && ':***'}@`
  return `${protocol}//${user}${host}${pathname}`
}
