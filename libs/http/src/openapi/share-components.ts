import { STATUS_CODES } from 'node:http'
import type { createDocument } from 'zod-openapi'

type Document = ReturnType<typeof createDocument>
type Kind = 'responses' | 'parameters' | 'requestBodies' | 'schemas'
type Described = Record<string, unknown>
interface Operation {
  parameters?: Described[]
  requestBody?: Described
  responses: Record<string, Described>
}

/**
 * The document with fields, parameters, request bodies and answers that several operations have in its components, once
 * each: an operation names them by `$ref`. So it is a fraction as long, and generated clients have one type for each.
 * Headers that no answer has are left out.
 */
export function shareComponents(document: Document): Document {
  const operations = Object.values(document.paths ?? {}).flatMap(
    (methods) => Object.values(methods) as Operation[],
  )
  for (const { parameters = [] } of operations) parameters.forEach(describeOnce)
  // Objects first: their own fields are shared wherever they then are.
  const objects = shareFields(document, 1)
  const parameters = operations.flatMap((operation) => operation.parameters ?? [])
  const fields = shareFields([document, objects], 0, objects, parameters)
  const bodies = operations.flatMap(({ requestBody }) => (requestBody ? [requestBody] : []))
  const answers = operations.flatMap(({ responses }) => Object.entries(responses))
  const sharedParameters = share(
    'parameters',
    parameters.map((parameter) => [String(parameter.name).replaceAll(/\W/g, ''), parameter]),
  )
  const sharedBodies = share(
    'requestBodies',
    bodies.map((body) => ['Body', body]),
  )
  const sharedAnswers = share(
    'responses',
    answers.map(([status, answer]) => [nameOf(status), answer]),
  )
  for (const operation of operations) {
    if (operation.parameters) operation.parameters = operation.parameters.map(sharedParameters.refer)
    if (operation.requestBody) operation.requestBody = sharedBodies.refer(operation.requestBody)
    for (const [status, answer] of Object.entries(operation.responses))
      operation.responses[status] = sharedAnswers.refer(answer)
  }
  const text = JSON.stringify(document.paths) + JSON.stringify(sharedAnswers.components)
  const used = ([name]: [string, unknown]) => text.includes(`"#/components/headers/${name}"`)
  return {
    ...document,
    components: {
      ...document.components,
      schemas: { ...document.components?.schemas, ...(objects as object), ...(fields as object) },
      headers: Object.fromEntries(Object.entries(document.components?.headers ?? {}).filter(used)),
      ...(sharedParameters.components && { parameters: sharedParameters.components as never }),
      ...(sharedBodies.components && { requestBodies: sharedBodies.components as never }),
      ...(sharedAnswers.components && { responses: sharedAnswers.components as never }),
    },
  }
}

/** A parameter has the description of its schema, which then needs none. */
function describeOnce(parameter: Described): void {
  const { description, schema } = parameter as { description?: string; schema?: { description?: string } }
  if (description === undefined || schema?.description !== description) return
  const { description: _, ...rest } = schema
  parameter.schema = rest
}

// A reference to a shorter schema would be no shorter.
const shortestShared = 60

/**
 * Puts references in place of fields that several objects have under the same name, and returns what they refer to. A default
 * stands beside the reference, so that a field is shared whether it has one or not.
 *
 * @param depth 0 for fields without fields of their own, 1 for objects of such
 * @param taken has the names that components have already
 * @param parameters whose schemas are shared with fields of their names
 */
function shareFields(
  part: unknown,
  depth: 0 | 1,
  taken = {},
  parameters: readonly Described[] = [],
): Record<string, Described> | undefined {
  const ofParameters = parameters.map(({ name, schema }) => ({ [String(name)]: schema as Described }))
  // A parameter of several operations is one: as a whole it is shared later.
  const distinct = new Map(
    parameters.map((parameter, index) => [JSON.stringify(parameter), ofParameters[index]!]),
  )
  const objects = [...objectsIn(part), ...distinct.values()]
  const all = objects.flatMap((fields) =>
    Object.entries(fields)
      .map(([name, schema]) => [name, withoutDefault(schema)] as const)
      .filter(([, schema]) => {
        const text = JSON.stringify(schema)
        return text.length >= shortestShared && text.split('"properties":').length === depth + 1
      }),
  )
  const shared = share('schemas', all, Object.keys(taken))
  for (const fields of [...objects, ...ofParameters])
    for (const [name, schema] of Object.entries(fields)) {
      const reference = shared.refer(withoutDefault(schema))
      if ('$ref' in reference)
        fields[name] = 'default' in schema ? { default: schema.default, ...reference } : reference
    }
  parameters.forEach((parameter, index) => (parameter.schema = ofParameters[index]![String(parameter.name)]))
  return shared.components
}

const withoutDefault = ({ default: _, ...schema }: Described): Described => schema

type Fields = Record<string, Described>

/** The fields of each object that is described anywhere in a part of the document. */
function objectsIn(part: unknown): Fields[] {
  if (typeof part !== 'object' || part === null) return []
  const within = Object.values(part).flatMap(objectsIn)
  const hasFields = 'properties' in part && 'type' in part && part.type === 'object'
  return hasFields ? [part.properties as Fields, ...within] : within
}

/** 404 -> `NotFound`. */
const nameOf = (status: string) =>
  status === 'default' ? 'AnyError' : (STATUS_CODES[status] ?? status).replaceAll(/\W/g, '')

/** What occurs more than once, by name, and a function that gives a reference in its place. */
function share(
  kind: Kind,
  all: readonly (readonly [name: string, what: Described])[],
  others: readonly string[] = [],
) {
  const counts = new Map<string, { name: string; what: Described; count: number }>()
  for (const [name, what] of all) {
    const text = JSON.stringify(what)
    const found = counts.get(text)
    if (found) found.count += 1
    else counts.set(text, { name, what, count: 1 })
  }
  const names = new Map<string, string>()
  const components: Record<string, Described> = {}
  // The one that most have gets the plain name.
  for (const [text, { name, what, count }] of [...counts].sort(([, a], [, b]) => b.count - a.count)) {
    if (count < 2) continue
    const taken = [...Object.keys(components), ...others].filter(
      (other) => other.replace(/_\d+$/, '') === name,
    ).length
    const free = taken === 0 ? name : `${name}_${taken + 1}`
    components[free] = what
    names.set(text, free)
  }
  return {
    components: names.size > 0 ? components : undefined,
    refer: (what: Described): Described => {
      const name = names.get(JSON.stringify(what))
      return name === undefined ? what : { $ref: `#/components/${kind}/${name}` }
    },
  }
}
