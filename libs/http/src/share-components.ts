import { STATUS_CODES } from 'node:http'
import type { createDocument } from 'zod-openapi'

type Document = ReturnType<typeof createDocument>
type Kind = 'responses' | 'parameters'
type Described = Record<string, unknown>
interface Operation {
  parameters?: Described[]
  responses: Record<string, Described>
}

/**
 * The document with parameters and errors that several operations have in its components, once each: an operation names
 * them by `$ref`. So it is a fraction as long, and generated clients have one type for each. Headers that no answer has are
 * left out.
 */
export function shareComponents(document: Document): Document {
  const operations = Object.values(document.paths ?? {}).flatMap(
    (methods) => Object.values(methods) as Operation[],
  )
  const parameters = operations.flatMap((operation) => operation.parameters ?? [])
  const errors = operations.flatMap(({ responses }) =>
    Object.entries(responses).filter(([status]) => Number(status) >= 400),
  )
  const sharedParameters = share(
    'parameters',
    parameters.map((parameter) => [String(parameter.name).replaceAll(/\W/g, ''), parameter]),
  )
  const sharedErrors = share(
    'responses',
    errors.map(([status, error]) => [nameOf(status), error]),
  )
  for (const operation of operations) {
    if (operation.parameters) operation.parameters = operation.parameters.map(sharedParameters.refer)
    for (const [status, error] of Object.entries(operation.responses))
      if (Number(status) >= 400) operation.responses[status] = sharedErrors.refer(error)
  }
  const text = JSON.stringify(document.paths) + JSON.stringify(sharedErrors.components)
  const used = ([name]: [string, unknown]) => text.includes(`"#/components/headers/${name}"`)
  return {
    ...document,
    components: {
      ...document.components,
      headers: Object.fromEntries(Object.entries(document.components?.headers ?? {}).filter(used)),
      ...(sharedParameters.components && { parameters: sharedParameters.components as never }),
      ...(sharedErrors.components && { responses: sharedErrors.components as never }),
    },
  }
}

/** `Not Found` -> `NotFound`. */
const nameOf = (status: string) => (STATUS_CODES[status] ?? status).replaceAll(/\W/g, '')

/** What occurs more than once, by name, and a function that gives a reference in its place. */
function share(kind: Kind, all: readonly (readonly [name: string, what: Described])[]) {
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
    const taken = Object.keys(components).filter((other) => other.replace(/_\d+$/, '') === name).length
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
