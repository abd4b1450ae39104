import type { z } from 'zod'
import { ConfigError } from './config-error'
import type { Config, Definition, Environment, Variable } from './define'
import { faultsOfExamples } from './examples'
import { isServiceLink } from './kubernetes'
import { oneLine } from './one-line'
import { redactWhenPrinted } from './redact'
import { readSecretFiles } from './secret-files'
import { faultsOfUnknownNames } from './unknown-names'

/**
 * Reads a service's configuration from environment variables. An empty variable counts as not set. Each secret may
 * be in a file that `<NAME>_FILE` names instead. With NODE_ENV=production, secrets that everybody knows are faults.
 * Of a process that is not to serve, such as a migration, the rules among values of who calls it and whom it calls are not asked.
 * Gives a frozen object that shows `[secret]` in place of secrets when it is logged, inspected or made JSON.
 * @throws ConfigError with every missing, invalid and unknown variable; where there is none, with all values that do not go together
 *   and, in production, all example secrets.
 */
export function parseConfig<D extends Definition>(
  definition: D,
  given: Environment,
  { serves = true }: { serves?: boolean } = {},
): Config<D> {
  const secrets = Object.values(definition.variables).filter(({ secret }) => secret)
  const { env, faults } = readSecretFiles(
    secrets.map(({ name }) => name),
    given,
  )
  const unread = faults.map(({ variable }) => variable)
  const values: Record<string, unknown> = {}
  for (const [key, variable] of Object.entries(definition.variables)) {
    if (unread.includes(variable.name)) continue
    const result = readVariable(variable, env[variable.name])
    if ('fault' in result) faults.push({ variable: variable.name, message: result.fault })
    else values[key] = result.value
  }
  faults.push(...faultsOfUnknownNames(definition, env))
  if (faults.length === 0) {
    if (serves) faults.push(...(definition.faultsOf?.(values) ?? []))
    if (env.NODE_ENV?.trim().toLowerCase() === 'production') faults.push(...faultsOfExamples(definition, env))
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return redactWhenPrinted(values, definition.variables) as Config<D>
}

function readVariable(variable: Variable, given: string | undefined): { value: unknown } | { fault: string } {
  const text = given || variable.default
  if (text === undefined) {
    if (variable.optional) return { value: undefined }
    return { fault: `${variable.name} is not set, and it has no default${exampleFor(variable)}` }
  }
  const result = variable.schema.safeParse(text)
  if (result.success) return { value: result.data }
  if (isServiceLink(variable.name, text)) {
    return {
      fault:
        `${variable.name} is Kubernetes' link to a Service of that name, not a port: ` +
        `set enableServiceLinks: false in the pod's spec${exampleFor(variable)}`,
    }
  }
  return {
    fault: `${variable.name}${shown(variable, text)}: ${reason(result.error, variable, text)}${exampleFor(variable)}`,
  }
}

function exampleFor({ example }: Variable): string {
  return example === undefined ? '' : `; for example ${oneLine(example)}`
}

function shown({ secret }: Variable, text: string): string {
  // A URL may have a password although this variable's should not.
  const scheme = text.indexOf('://')
  if (secret || (scheme >= 0 && text.includes('@', scheme))) return ''
  return ` is ${oneLine(JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text))}`
}

function reason(error: z.ZodError, { secret }: Variable, text: string): string {
  const messages = oneLine(error.issues.map(inList).join(', '))
  // A schema may quote its input.
  return secret && messages.includes(text) ? 'is not valid' : messages
}

const inList = ({ path: [index], message }: z.core.$ZodIssue) =>
  typeof index === 'number' ? `entry ${index + 1}: ${message}` : message
