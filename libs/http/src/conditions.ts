import { AppError } from '@ordinal/errors'
import type { AnyReply, Route } from './route'

type Headers = Readonly<Record<string, string | string[] | undefined>>

// What proxies and servers add to the tag of an answer that they compress: Apache's "2-gzip", Jetty's "2--gzip".
const compressed = /(?:--?|;)(?:gzip|br|zstd|deflate)$/
// A version, and what else an answer depends on, such as "2-unnumbered".
const versionOf = /^(0|[1-9]\d{0,8})(?:-[a-z0-9-]+)?$/

/** The ETag of an answer: its version, and what else it depends on, such as `unnumbered`, in a-z, 0-9 and hyphens. */
export const etagOf = (version: number, ...parts: readonly string[]): string =>
  `"${[version, ...parts].join('-')}"`

/**
 * The versions that an If-Match names; undefined if any will do. A tag that a proxy has made weak or marked as compressed
 * names its version, and so does a version without quotes: nothing is changed between two answers of one version.
 */
export function versionsIn(ifMatch: string | string[] | undefined): number[] | undefined {
  if (ifMatch === undefined) return undefined
  const tags = tagsIn(ifMatch)
  return tags?.flatMap((tag) => {
    const version = versionOf.exec(tag)?.[1]
    return version === undefined ? [] : [Number(version)]
  })
}

/** The tags of a list, without quotes and without the `W/` prefix; undefined if it is `*`. */
function tagsIn(header: string | string[]): string[] | undefined {
  const text = String(header).trim()
  if (text === '*') return undefined
  const members = text.match(/(?:[^",]|"[^"]*"?)+/g) ?? []
  return members.flatMap((member) => {
    const [, quoted, bare] = /^(?:W\/)?(?:"([^"]*)"|([^"\s]+))$/i.exec(member.trim()) ?? []
    const tag = quoted ?? bare
    return tag === undefined ? [] : [tag.replace(compressed, '')]
  })
}

/**
 * A check that refuses conditions that the route does not evaluate: to ignore one would change what the caller wanted to
 * protect. Where nothing is changed, and the whole answer is right whatever the condition says, it may be ignored. If-Match
 * takes the place of If-Unmodified-Since (RFC 9110, 13.1.4).
 *
 * @returns the check of a request's headers; it throws AppError `condition_not_supported`
 */
export function conditionCheck(route: Route): (headers: Headers) => void {
  const reads = route.method === 'get' && !route.issues
  const takesIfMatch = route.conditional || isTagged(route)
  const refuse = (name: string) => {
    const { method, path } = route
    const instead = takesIfMatch ? ': use If-Match with the ETag' : ''
    throw new AppError(
      'condition_not_supported',
      `${method.toUpperCase()} ${path} does not evaluate ${name}${instead}`,
    )
  }
  return (headers) => {
    const ifMatch = headers['if-match']
    if (!takesIfMatch && ifMatch !== undefined) refuse('If-Match')
    if (reads) return
    if (headers['if-none-match'] !== undefined) refuse('If-None-Match')
    if (ifMatch === undefined && headers['if-unmodified-since'] !== undefined) refuse('If-Unmodified-Since')
  }
}

/** Whether the route reads what has an ETag. */
export const isTagged = ({ method, headers }: Pick<Route, 'method' | 'headers'>) =>
  method === 'get' && headers.includes('ETag')

/**
 * What was read, or 304 if the caller has it already.
 *
 * @throws AppError `version_mismatch` if If-Match names other versions
 */
export function unlessKnown(reply: AnyReply, headers: Headers): AnyReply {
  const etag = reply.headers?.ETag
  if (etag === undefined) return reply
  const expected = versionsIn(headers['if-match'])
  const [version] = versionsIn(etag) ?? []
  if (expected && (version === undefined || !expected.includes(version)))
    throw new AppError('version_mismatch', `The ETag is ${etag}`)

  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch === undefined) return reply
  const [tag] = tagsIn(etag) ?? []
  const known = tagsIn(ifNoneMatch)
  const isKnown = known === undefined || (tag !== undefined && known.includes(tag))
  const { Age } = reply.headers ?? {}
  const kept = { ETag: etag, ...(Age !== undefined && { Age }) }
  return isKnown ? { status: 304, body: null, headers: kept } : reply
}
