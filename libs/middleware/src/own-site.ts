import type { Request } from 'express'
import { AppError } from '@ordinal/errors'

type Head = Pick<Request, 'method' | 'headers'>

/**
 * Refuses what a browser sends for a page of another site, or before its user asks for it (prefetching). For requests that
 * change something: the page cannot read the answer, but the change would be made. Programs are not affected.
 *
 * @param origins of pages that may call, such as `https://app.example.com`; `*` for any
 * @throws AppError `cross_site_request`
 */
export function requireOwnSite(head: Head, origins: readonly string[]): void {
  const reason = strangeness(head, origins)
  if (reason !== undefined) throw new AppError('cross_site_request', reason)
}

function strangeness({ method, headers }: Head, origins: readonly string[]): string | undefined {
  const { host, origin, referer, 'sec-fetch-site': site, 'user-agent': agent = '' } = headers
  const isGet = method === 'GET'
  if (isGet && isAheadOfUser(headers)) return 'A browser has sent this ahead of its user'
  if (origin !== undefined && (origins.includes('*') || origins.includes(origin))) return undefined
  // Pages cannot set it. Browsers send it over https and to localhost, and nowhere else.
  if (site !== undefined) {
    if (site === 'same-origin' || site === 'none') return undefined
    return `A browser has sent this for a page of another site (Sec-Fetch-Site is ${String(site)})`
  }
  for (const [name, url] of Object.entries({ Origin: origin, Referer: referer }))
    if (url !== undefined && !isOn(host, url))
      return `A page of another site has sent this: ${name} is "${url}"`
  // An image of another site, loaded without a referrer, looks like an address that was typed in.
  if (isGet && isBrowser(agent)) return 'A browser has sent this, which does not say for which site: use POST'
  return undefined
}

const isAheadOfUser = (headers: Head['headers']) =>
  ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) =>
    /prefetch|prerender|preview/i.test(String(headers[name] ?? '')),
  )

const isOn = (host: string | undefined, url: string) =>
  host !== undefined && URL.canParse(url) && new URL(url).host === host.toLowerCase()

/** All browsers have this name, and so does PowerShell. */
const isBrowser = (agent: string) => agent.startsWith('Mozilla/') && !agent.includes('PowerShell')
