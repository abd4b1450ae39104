/** An OpenAPI 3.1 document, as `service.openApi` has it. */
export interface ApiDocument {
  paths?: object
  components?: object
}

/** What a document says about one method of one path. */
export interface Operation {
  statuses: number[]
  /** The media types of the answers with a status, each with a pointer to its schema; none if there is no body. */
  media(status: number): { type: string; schema: string }[]
  /** The names of the headers that answers with a status may have. */
  headers(status: number): string[]
}

interface Response {
  description?: string
  content?: object
  headers?: object
}
type Responses = Record<string, Response | { $ref: string }>
type Paths = Record<string, Record<string, { responses: Responses } | undefined>>

/** The operation that serves a request; HEAD is served where GET is. Undefined if the document has none. */
export function findOperation(
  document: ApiDocument,
  request: { method: string; path: string },
): Operation | undefined {
  // OpenAPI allows much more in a path than ours have.
  const paths = (document.paths ?? {}) as Paths
  const pathname = request.path.replace(/[?#].*$/, '').replaceAll(/%3a/gi, ':')
  // As OpenAPI has it: a path without parameters goes before one with them.
  const templates = Object.keys(paths).sort((a, b) => parameters(a) - parameters(b))
  const method = request.method === 'HEAD' ? 'get' : request.method.toLowerCase()
  const template = templates.find((template) => matches(template, pathname) && paths[template]?.[method])
  const responses = template && paths[template]?.[method]?.responses
  if (!responses) return undefined

  const find = (key: string): { response: Response; steps: string[] } => {
    const response = responses[key] ?? {}
    if (!('$ref' in response)) return { response, steps: ['paths', template, method, 'responses', key] }
    const steps = response.$ref.slice('#/'.length).split('/')
    return { response: valueAt(document, steps) as Response, steps }
  }
  const common = find('default').response
  const headersOf = ({ headers = {} }: Response) => Object.keys(headers)
  const findFor = (status: number) => find(status in responses ? String(status) : 'default')
  const statuses = Object.keys(responses).filter((key) => key !== 'default')
  return {
    statuses: [...new Set([...statuses.map(Number), ...statusesToldBy(common)])],
    headers: (status) => [
      ...headersOf(findFor(status).response),
      ...headersOf(common).filter((name) => ofEveryAnswer.test(name)),
    ],
    media: (status) => {
      const { response, steps } = findFor(status)
      return Object.keys(response.content ?? {}).map((type) => ({
        type,
        schema: pointer(...steps, 'content', type, 'schema'),
      }))
    },
  }
}

/** The headers of `default` that the other answers of its operation have too, as the document's description says. */
const ofEveryAnswer = /^(X-Request-Id|RateLimit-.*)$/

/** The statuses of the errors that a `default` describes, each in a line of its own. */
const statusesToldBy = ({ description = '' }: Response) =>
  Array.from(description.matchAll(/^(\d{3}) `/gm), ([, status]) => Number(status))

const valueAt = (document: unknown, steps: readonly string[]) =>
  steps.reduce((value, step) => (value as Record<string, unknown>)[step], document)

const parameters = (template: string) => template.split('{').length

function matches(template: string, pathname: string): boolean {
  const parts = template.split(/\{\w+\}/).map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  // A slash at the end makes no other path, as in libs/http/src/path-table.ts.
  return new RegExp(`^${parts.join('[^/]+')}/?$`).test(pathname)
}

/** A JSON pointer (RFC 6901) as a fragment of a URI. */
const pointer = (...steps: string[]) =>
  `#/${steps.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`
