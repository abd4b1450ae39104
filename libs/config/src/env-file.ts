import { existsSync, readFileSync } from 'node:fs'
import { parse } from 'dotenv'
import { fileVariableOf } from './secret-files'

/**
 * Adds what an `.env` file says to the environment, which wins, also where one has a secret and the other the file that
 * it is in (`JWT_SECRET`, `JWT_SECRET_FILE`). A file that does not exist says nothing.
 *
 * @throws Error of the file system when it cannot be read
 */
export function loadEnvFile(file: string, env: NodeJS.ProcessEnv): void {
  if (!existsSync(file)) return
  const given = { ...env }
  for (const [name, value] of Object.entries(parse(textOf(readFileSync(file))))) {
    if (!given[otherSpelling(name)]) env[name] ??= value
  }
}

const otherSpelling = (name: string) => {
  const file = fileVariableOf('')
  return name.endsWith(file) ? name.slice(0, -file.length) : fileVariableOf(name)
}

/** PowerShell writes UTF-16 with a byte order mark; TextDecoder leaves the mark out. */
function textOf(bytes: Buffer): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes)
}
