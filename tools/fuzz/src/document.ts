/** As much as is looked at here of the OpenAPI document of a service. */
export interface Document {
  openapi?: string
  paths?: Record<string, Record<string, OperationObject>>
  components?: Record<string, Record<string, unknown>>
}

interface OperationObject {
  parameters?: (Parameter | Reference)[]
  'x-required-role'?: string
  requestBody?: { content: Record<string, { schema: Schema }> } | Reference
  responses: Record<string, { description?: string } | Reference>
}

export interface Parameter {
  in: 'path' | 'query' | 'header'
  name: string
  required?: boolean
  schema: Schema
}

/** As much of JSON Schema as our documents have. */
export interface Schema {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  allOf?: Schema[]
  format?: string
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  items?: Schema
  minItems?: number
  maxItems?: number
  properties?: Record<string, Schema>
  required?: string[]
  example?: unknown
  examples?: unknown[]
}

interface Reference {
  $ref: string
}

/** An operation of a service, from its document. */
export interface Operation {
  /** `POST /api/v1/users` */
  name: string
  method: string
  /** With parameters in braces. */
  path: string
  parameters: Parameter[]
  /** The role that it needs at least, if it needs one. */
  role: string | undefined
  /** Media type -> schema of its body, if it takes one. */
  bodies: [media: string, schema: Schema][]
  /** The codes of the errors that the document has for a status of it. */
  codesOf(status: number): ReadonlySet<string>
}

const isReference = (value: object): value is Reference => '$ref' in value

/** What a reference into the document stands for. */
export function resolve<T extends object>(document: Document, value: T | Reference): T {
  if (!isReference(value)) return value
  const found = value.$ref
    .slice('#/'.length)
    .split('/')
    .reduce<unknown>((part, step) => (part as Record<string, unknown>)[step], document)
  return resolve(document, found as T | Reference)
}

/** All operations of a document. */
export function operationsOf(document: Document): Operation[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, object]) => operationOf(document, method, path, object)),
  )
}

function operationOf(document: Document, method: string, path: string, object: OperationObject): Operation {
  const { parameters = [], requestBody, responses } = object
  const body = requestBody && resolve(document, requestBody)
  const { description: anywhere = '' } = resolve(document, responses.default ?? {})
  const codes = new Map<number, ReadonlySet<string>>()
  return {
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path,
    parameters: parameters.map((parameter) => resolve(document, parameter)),
    role: object['x-required-role'],
    bodies: Object.entries(body?.content ?? {}).map(([media, { schema }]) => [media, schema]),
    codesOf(status) {
      const known = codes.get(status)
      if (known) return known
      const { description = '' } = resolve(document, responses[String(status)] ?? {})
      const common = anywhere.split('\n\n').filter((line) => line.startsWith(`${status} `))
      const found = new Set([...codesIn(description), ...common.flatMap(codesIn)])
      codes.set(status, found)
      return found
    },
  }
}

const codesIn = (text: string) => Array.from(text.matchAll(/`([a-z_]+)`/g), ([, code]) => code!)

/** The operation at a path of a request, whatever its method; a path without parameters goes first. */
export function operationAt(operations: readonly Operation[], method: string, path: string) {
  const wanted = method === 'HEAD' ? 'GET' : method
  const pathname = path.replace(/[?#].*$/, '').replaceAll(/%3a/gi, ':')
  return operations
    .filter((operation) => operation.method === wanted && patternOf(operation.path).test(pathname))
    .sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0]
}

const patterns = new Map<string, RegExp>()

function patternOf(path: string): RegExp {
  const known = patterns.get(path)
  if (known) return known
  const parts = path.split(/\{\w+\}/).map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const pattern = new RegExp(`^${parts.join('[^/]+')}/?$`)
  patterns.set(path, pattern)
  return pattern
}
