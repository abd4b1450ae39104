import Ajv2020 from 'ajv/dist/2020'
import addFormats from 'ajv-formats'
import { findOperation, type ApiDocument, type Operation } from './described-operation'
import { mediaTypeOf, parseMediaType, sameMediaType } from './media-type'

/** An answer of a service, whether fetch or a raw socket brought it. */
interface Answer {
  method: string
  /** With the query, if there is one. */
  path: string
  status: number
  headers: Headers
  /** Parsed if it is JSON, else the text; the empty text if there is none. */
  body: unknown
}

// What a service answers where no operation is: such errors have no place in the document.
const anywhere = [
  ...['route_not_found', 'malformed_url', 'malformed_request', 'headers_too_large', 'expectation_failed'],
  ...['host_not_allowed', 'authentication_required', 'invalid_api_key', 'invalid_token', 'rate_limited'],
]

/**
 * A function that throws if an answer is not as the document says: its path, status, headers, media type
 * and body. An
 * error must also agree with itself: its status, type and request id are the same inside as outside.
 *
 * @throws Error that names the method, path and status, and what does not fit
 */
export function describedAnswers(document: ApiDocument): (answer: Answer) => void {
  const faultsOf = schemasOf(document)
  const { headers = {} } = (document.components ?? {}) as { headers?: object }
  const known = Object.keys(headers)

  return (answer) => {
    const operation = findOperation(document, answer)
    const fault =
      operation && operation.statuses.includes(answer.status)
        ? faultOfDescribed(operation, answer)
        : faultOfUndescribed(operation, answer)
    if (fault) throw new Error(`${answer.method} ${answer.path} -> ${answer.status}: ${fault}`)
  }

  function faultOfDescribed(operation: Operation, answer: Answer): string | undefined {
    const hidden = undescribedHeader(operation, answer)
    if (hidden) return `the document does not say that it has the header ${hidden}`
    const media = operation.media(answer.status)
    if (media.length === 0) return answer.body === '' ? undefined : 'the document has no body for it'
    const sent = mediaTypeOf(answer.headers)
    const fitting = media.find(({ type }) => sameMediaType(parseMediaType(type), sent))
    if (!fitting) {
      return `the media type is ${sent.text}, the document has ${media.map(({ type }) => type).join(', ')}`
    }
    if (answer.method === 'HEAD') return answer.body === '' ? undefined : 'an answer to HEAD has no body'
    return faultsOf(fitting.schema, answer.body) ?? (isProblem(answer) ? faultOfProblem(answer) : undefined)
  }

  /** A header that the document knows, but not for this answer. */
  function undescribedHeader(operation: Operation, { status, headers }: Answer): string | undefined {
    const described = operation.headers(status)
    return known.find((name) => headers.has(name) && !described.includes(name))
  }

  function faultOfUndescribed(operation: Operation | undefined, answer: Answer): string | undefined {
    const { status, method, headers, body } = answer
    if (operation && status !== 405) return `the document has only ${operation.statuses.join(', ')}`
    if (status < 400) return 'the document has no such path and method'
    if (!isProblem(answer)) return `an error is a problem, not ${mediaTypeOf(headers).text}`
    if (status === 405 && !headers.has('allow')) return 'a 405 needs an Allow header'
    if (method === 'HEAD') return undefined
    const fault = faultsOf('#/components/schemas/Problem', body) ?? faultOfProblem(answer)
    if (fault || status === 405) return fault
    const { code } = body as { code: string }
    return anywhere.includes(code) ? undefined : `the document has no such path and method for a ${code}`
  }
}

const isProblem = ({ headers }: Answer) => mediaTypeOf(headers).essence === 'application/problem+json'

function faultOfProblem({ status, headers, body }: Answer): string | undefined {
  const problem = body as Record<string, unknown>
  if (problem.status !== status) return `the body says status ${String(problem.status)}`
  if (problem.type !== `/errors/${String(problem.code)}`) return `the type is ${String(problem.type)}`
  const requestId = headers.get('x-request-id')
  if (problem.request_id !== requestId) return `request_id is not X-Request-Id, which is ${requestId}`
  return undefined
}

interface Schema {
  $ref?: string
  type?: unknown
  properties?: Record<string, unknown>
  required?: string[]
  allOf?: Schema[]
}

/** The same, where an object has the fields that it has by its schema, and no others. */
function withKnownFields(document: ApiDocument): ApiDocument {
  const { schemas = {} } = (document.components ?? {}) as { schemas?: Record<string, Schema> }
  return closed(document) as ApiDocument

  function closed(part: unknown): unknown {
    if (Array.isArray(part)) return part.map(closed)
    if (typeof part !== 'object' || part === null) return part
    const object = '$ref' in part ? undefined : objectOf(part)
    const fields = object ? { additionalProperties: false, ...object } : part
    return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, closed(field)]))
  }

  /** The schema of an object in one piece, of whatever it is made. */
  function objectOf(part: Schema): Schema | undefined {
    if (part.$ref) return objectOf(schemas[part.$ref.split('/').at(-1)!]!)
    if (part.type === 'object' && part.properties) return part
    const pieces = Array.isArray(part.allOf) ? part.allOf.map(objectOf) : []
    if (pieces.length === 0 || pieces.includes(undefined)) return undefined
    return {
      type: 'object',
      properties: Object.fromEntries(pieces.flatMap((piece) => Object.entries(piece!.properties!))),
      required: pieces.flatMap((piece) => piece!.required ?? []),
    }
  }
}

type FaultsOf = (pointer: string, value: unknown) => string | undefined

/** Compiling a document takes longer than most tests. */
const compiled = new WeakMap<ApiDocument, FaultsOf>()

/** A function that tells what of a value does not fit the schema at a pointer into the document. */
function schemasOf(document: ApiDocument): FaultsOf {
  const before = compiled.get(document)
  if (before) return before
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true })
  addFormats(ajv)
  // The document is no schema itself but holds them; inside, OpenAPI adds a few words to JSON Schema.
  ajv.addVocabulary([...Object.keys(document), 'example', 'discriminator', 'xml'])
  // Callers take fields that they do not know, so that a later release may have more; here each has to be described.
  ajv.addSchema(withKnownFields(document), 'document', false, false)

  const faultsOf: FaultsOf = (pointer, value) => {
    const validate = ajv.getSchema(`document${pointer}`)
    if (!validate) return `the document has no schema at ${pointer}`
    if (validate(value)) return undefined
    return `the body does not fit: ${ajv.errorsText(validate.errors, { dataVar: 'body' })}`
  }
  compiled.set(document, faultsOf)
  return faultsOf
}
