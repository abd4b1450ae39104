import type { Fault } from './config-error'
import type { Environment } from './define'
import { oneLine } from './one-line'
import { readTextFile } from './text-file'

/** The variable that names the file of a secret: `JWT_SECRET_FILE` for `JWT_SECRET`. */
export const fileVariableOf = (secret: string) => `${secret}_FILE`

/**
 * The environment with the secrets themselves in place of the variables that name their files, as Docker and
 * Kubernetes hand secrets out. A byte order mark and a line break at the end are not part of a secret.
 *
 * @param secrets the variables that may come from a file
 * @returns faults for files that are missing, empty, too large or none, and for secrets that are given twice
 */
export function readSecretFiles(
  secrets: readonly string[],
  env: Environment,
): { env: Environment; faults: Fault[] } {
  const read: Record<string, string | undefined> = { ...env }
  const faults: Fault[] = []
  for (const secret of secrets) {
    const variable = fileVariableOf(secret)
    const file = env[variable]
    if (!file) continue
    // Empty and not missing: a program that gets this environment may read .env too.
    read[variable] = ''
    const fault = (message: string) => faults.push({ variable: secret, message: oneLine(message) })
    if (env[secret]) {
      fault(`${secret} and ${variable} are both set: set one of the two`)
      continue
    }
    try {
      read[secret] = contentsOf(file)
    } catch (error) {
      fault(`${variable} is ${JSON.stringify(file)}: ${(error as Error).message}`)
    }
  }
  return { env: read, faults }
}

function contentsOf(file: string): string {
  const text = readTextFile(file)
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$/, '')
  if (text.trim() === '') throw new Error('it is empty')
  return text
}
