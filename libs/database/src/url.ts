/** The URL without its password and parameters, for logs and messages. Never throws. */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return '(not a URL)'
  const { protocol, username, password, host, pathname, search, hash } = new URL(url)
  // A password that was not encoded ends up behind the host: then nothing of the URL is safe to show.
  if (hash || /@/.test(pathname + search)) return '(not a valid database URL: encode its password)'
  const user = username && `${username}${password && ':***'}@`
  return `${protocol}//${user}${host}${pathname}`
}
