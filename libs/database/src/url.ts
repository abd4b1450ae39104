/** The URL without its password and parameters, with the host and port that it leads to, for logs and messages. Never throws. */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return '(not a URL)'
  const { protocol, username, password, hostname, port, pathname, search, searchParams, hash } = new URL(url)
  // A password that was not encoded ends up behind the host: then nothing of the URL is safe to show.
  if (hash || /@/.test(pathname + search)) return '(not a valid database URL: encode its password)'
  const user = username && `${username}${password && ':***'}@`
  const place = [searchParams.get('host') ?? hostname, searchParams.get('port') ?? port]
    .filter(Boolean)
    .join(':')
  return `${protocol}//${user}${place}${pathname}`
}
