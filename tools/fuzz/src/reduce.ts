import type { HttpRequest } from './requests'

/**
 * The least request that still has a fault: parts are left out for as long as it stays.
 *
 * @param stillFails sends a request; whether the answer has the same fault
 * @param most requests that may be sent for it
 */
export async function reduced(
  request: HttpRequest,
  stillFails: (request: HttpRequest) => Promise<boolean>,
  most = 80,
): Promise<HttpRequest> {
  let least = request
  let left = most
  for (let smaller = true; smaller && left > 0;) {
    smaller = false
    for (const candidate of smallerThan(least)) {
      if (--left < 0) break
      if (!(await stillFails(candidate))) continue
      least = candidate
      smaller = true
      break
    }
  }
  return least
}

/** Requests with one thing less each. */
function* smallerThan(request: HttpRequest): Generator<HttpRequest> {
  const { url, headers, body } = request
  if (body !== undefined)
    yield { ...request, body: undefined, headers: headers.filter(([name]) => !/^content-/i.test(name)) }
  const [path = '', query] = url.split(/\?(.*)/s)
  if (query !== undefined) yield { ...request, url: path }
  for (const index of headers.keys()) yield { ...request, headers: headers.filter((_, at) => at !== index) }
  const pairs = query?.split('&') ?? []
  if (pairs.length > 1)
    for (const index of pairs.keys())
      yield { ...request, url: `${path}?${pairs.filter((_, at) => at !== index).join('&')}` }
  if (body !== undefined)
    for (const each of smallerBodies(body.toString())) yield { ...request, body: Buffer.from(each) }
}

function* smallerBodies(text: string): Generator<string> {
  try {
    for (const value of smallerValues(JSON.parse(text))) yield JSON.stringify(value)
  } catch {
    if (text.length > 1) yield* [text.slice(0, text.length / 2), text.slice(text.length / 2)]
  }
}

function* smallerValues(value: unknown): Generator<unknown> {
  if (typeof value === 'string' && value.length > 8)
    yield* [value.slice(0, value.length / 2), value.slice(value.length / 2)]
  if (typeof value !== 'object' || value === null) return
  const entries = Object.entries(value)
  const rebuilt = (left: [string, unknown][]) =>
    Array.isArray(value) ? left.map(([, each]) => each) : Object.fromEntries(left)
  for (const index of entries.keys()) yield rebuilt(entries.filter((_, at) => at !== index))
  for (const [index, [name, each]] of entries.entries())
    for (const smaller of smallerValues(each)) yield rebuilt(entries.with(index, [name, smaller]))
}

/**
 * A request as a line for a shell.
 *
 * @param url where the service listens
 * @param inPlaceOf what stands for a credential: the text of a header -> what a shell puts there
 */
export function curlOf(
  request: HttpRequest,
  url: string,
  inPlaceOf: ReadonlyMap<string, string> = new Map(),
): string {
  const { method, headers, body } = request
  const parts = [
    'curl -sig --path-as-is',
    method === 'HEAD' ? '-I' : `-X ${method}`,
    quoted(target(request.url, url)),
  ]
  for (const [name, value] of headers) {
    const stand = inPlaceOf.get(value)
    // Where the value is empty curl wants a semicolon, or it leaves the header out.
    parts.push(
      `-H ${stand === undefined ? quoted(value === '' ? `${name};` : `${name}: ${value}`) : `"${name}: ${stand}"`}`,
    )
  }
  if (request.url.startsWith('http')) parts.push(`--request-target ${quoted(request.url)}`)
  if (body === undefined) return parts.join(' ')
  const text = body.toString()
  const isPlain = /^[\x20-\x7e]*$/.test(text) && text.length < 2_000
  if (isPlain) return [...parts, `--data-binary ${quoted(text)}`].join(' ')
  return `base64 -d <<< ${body.toString('base64')} | ${[...parts, '--data-binary @-'].join(' ')}`
}

const target = (path: string, url: string) => (path.startsWith('/') ? url + path : `${url}/`)
const quoted = (text: string) =>
  /^[\x20-\x7e]*$/.test(text) ? `'${text.replaceAll("'", `'\\''`)}'` : `$'${escaped(text)}'`
const escaped = (text: string) =>
  text.replaceAll(/[^\x20-\x7e]|['\\]/g, (each) =>
    /['\\]/.test(each) ? `\\${each}` : `\\x${each.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
