import type { z } from 'zod'
import type { Fault } from './config-error'
import { exampleOf } from './fragments'

/** How a value is written in the environment; `true` stands for `true`, `8081` for `8081`. */
type Written = string | number | boolean

export interface VariableOptions {
  /** One line for people, used in .env.example and in the documentation. */
  description: string
  /** The value when the variable is not set, written as in the environment: `60` for a minute in seconds. */
  default?: Written
  /** May be missing without a default: the value is then undefined. */
  optional?: true
  /** Never shown: neither in messages nor when the configuration is printed. */
  secret?: true
  /** The variable that makes this one unused, if it is set. */
  unusedWith?: string
  /** A right value, for messages and documentation. Without it the default or the fragment's own is shown. */
  example?: Written
}

export interface Variable<T = unknown> {
  name: string
  schema: z.ZodType<T>
  description: string
  default: string | undefined
  example: string | undefined
  optional: boolean
  secret: boolean
  unusedWith: string | undefined
}

export type Variables = Record<string, Variable>

export interface Definition<V extends Variables = Variables> {
  /** Names that belong to this service: an unknown variable that starts so is a fault. */
  prefixes: readonly string[]
  variables: V
  /** Finds what is wrong with values that are right one by one, for a service that is to serve. */
  faultsOf?(config: Values<V>): readonly Fault[]
}

/** Environment variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The parsed configuration of a definition: `Config<typeof config>`. */
export type Config<D extends Definition> = Values<D['variables']>

type Values<V extends Variables> = {
  readonly [K in keyof V]: V[K] extends Variable<infer T> ? T : never
}

/**
 * Declares one environment variable. Without `default` and `optional` it is required.
 * `schema` takes the text of the environment; see the fragments (`port()`, `seconds()`, ...) or use zod's own.
 */
export function variable<T, const O extends VariableOptions>(
  name: string,
  schema: z.ZodType<T>,
  options: O,
): Variable<O extends { optional: true } ? T | undefined : T>
export function variable<T>(name: string, schema: z.ZodType<T>, options: VariableOptions): Variable<T> {
  const fallback = options.default?.toString()
  const secret = options.secret ?? false
  return {
    name,
    schema,
    description: options.description,
    default: fallback,
    // A secret's default is a development password, not a model to follow.
    example: options.example?.toString() ?? (secret ? undefined : fallback) ?? exampleOf(schema),
    optional: options.optional ?? false,
    secret,
    unusedWith: options.unusedWith,
  }
}

/**
 * Declares the configuration of a service: its variables by the names they get in the code.
 * @throws Error if a default or an example is not itself valid, or a variable has nothing to show as an example:
 * mistakes in the declaration, found the first time it is loaded.
 */
export function defineConfig<V extends Variables>(definition: Definition<V>): Definition<V> {
  for (const { name, schema, default: fallback, example } of Object.values(definition.variables)) {
    if (example === undefined) throw new Error(`${name} needs an example, or a default that is no secret`)
    for (const text of [fallback, example]) {
      if (text !== undefined && !schema.safeParse(text).success) {
        throw new Error(`${name} has a default or an example that its own schema refuses`)
      }
    }
  }
  return definition
}
