import type { Definition } from './define'

export interface DocumentedVariable {
  name: string
  description: string
  /** As written in the environment; undefined where there is none. */
  default: string | undefined
  example: string | undefined
  required: boolean
  secret: boolean
}

export interface DocumentedGroup {
  title: string
  rows: DocumentedVariable[]
}

const SHARED = 'Shared'

/**
 * The variables of several services, for documentation: a group for each, by its title, and in front a group
 * `Shared` with those that several have, so that each variable comes once.
 */
export function groupVariables(
  services: Readonly<Record<string, readonly DocumentedVariable[]>>,
): DocumentedGroup[] {
  const groups = Object.entries(services).map(([title, rows]) => ({ title, rows }))
  const all = groups.flatMap(({ rows }) => rows)
  const isShared = ({ name }: DocumentedVariable) => all.filter((row) => row.name === name).length > 1
  const shared = [...new Map(all.filter(isShared).map((row) => [row.name, row])).values()]
  return [
    { title: SHARED, rows: shared },
    ...groups.map(({ title, rows }) => ({ title, rows: rows.filter((row) => !isShared(row)) })),
  ].filter(({ rows }) => rows.length > 0)
}

/** The variables of a definition, for documentation. */
export function describeConfig({ variables }: Definition): DocumentedVariable[] {
  return Object.values(variables).map(
    ({ name, description, example, secret, optional, default: fallback }) => ({
      name,
      description,
      default: fallback,
      example,
      required: !optional && fallback === undefined,
      secret,
    }),
  )
}
