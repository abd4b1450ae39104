const longest = 200
// Whatever else a path may have would have to be escaped in the pages and headers that it is put into.
const segments = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+$/

/**
 * A path in its one form: `/numbers/eu`, without a slash at its end; empty for the root.
 *
 * @returns undefined for anything else, such as `//host`, `/a/../b` and what has a scheme, a query or an escape
 */
export function plainBasePath(text: string): string | undefined {
  const path = text.trim().replace(/\/$/, '')
  return path === '' || (path.length <= longest && segments.test(path)) ? path : undefined
}

/**
 * The path that the proxies in front have stripped, outermost first.
 *
 * @param forwarded X-Forwarded-Prefix: its last entries are the proxies', the others may be forged
 * @param proxies how many proxies are believed
 * @returns undefined if they say nothing, or what is no path
 */
export function forwardedBasePath(forwarded: string | undefined, proxies: number): string | undefined {
  if (!forwarded?.trim() || proxies <= 0) return undefined
  const paths = forwarded.split(',').slice(-proxies).map(plainBasePath)
  return paths.includes(undefined) ? undefined : plainBasePath(paths.join(''))
}

const authority = /^https?:\/\/[^/?#]*/i

/**
 * The target of a request without a path that it begins with, as if a proxy had stripped that.
 *
 * @param isOwn whether a path is one that is served as it is: then it stays
 */
export function withoutBasePath(url: string, basePath: string, isOwn: (path: string) => boolean): string {
  const host = authority.exec(url)?.[0] ?? ''
  const target = url.slice(host.length)
  const [path = ''] = target.split(/[?#]/, 1)
  if (!`${path}/`.startsWith(`${basePath}/`) || isOwn(path)) return url
  const rest = target.slice(basePath.length)
  return host + (rest.startsWith('/') ? rest : `/${rest}`)
}
