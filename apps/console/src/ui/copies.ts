import type { ServiceName } from '../api/config'
import { services } from '../api/ordinal'

/** A call of a service, as a person sees it. */
export interface CopiedCall {
  service: ServiceName
  method?: 'GET' | 'POST'
  /** With its query, from `/api` on. */
  path: string
  body?: object
  /** The same by the client: `ordinal.orders.get(7)`. */
  code: string
  /** Whether that gives items one by one. */
  isList?: boolean
}

/** What makes a call again, to be copied. A token stays a variable of the shell or of the environment. */
export function copiesOf({ service, method = 'GET', path, body, code, isList = false }: CopiedCall) {
  const base = (services()[service] ?? '').replace(/\/$/, '')
  const parts = [
    'curl --fail-with-body',
    ...(method === 'GET' ? [] : [`-X ${method}`]),
    '-H "Authorization: Bearer $TOKEN"',
    ...(body ? [`-H 'Content-Type: application/json' --data ${quoted(JSON.stringify(body))}`] : []),
    quoted(base + path),
  ]
  return {
    curl: parts.join(' '),
    code: [
      "import { createOrdinal } from '@ordinal/client'",
      '',
      `const ordinal = createOrdinal({ ${service}: ${JSON.stringify(base)}, token: process.env.TOKEN })`,
      isList ? `for await (const item of ${code}) console.log(item)` : `console.log(await ${code})`,
      '',
    ].join('\n'),
  }
}

/** A path with a query of what is given. */
export function pathWith(
  path: string,
  query: Readonly<Record<string, string | number | boolean | undefined>>,
) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return text ? `${path}?${text}` : path
}

/** A text as one word of a shell. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
