import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Gives the secrets kept in a file that only we may read, made at random the first time: 48 characters each. */
export async function keepSecrets<Name extends string>(
  file: string,
  names: readonly Name[],
): Promise<Record<Name, string>> {
  const kept = await readSecrets<Name>(file)
  const entries = names.map((name) => [name, kept[name] ?? randomBytes(24).toString('hex')])
  const secrets = Object.fromEntries(entries) as Record<Name, string>
  await mkdir(dirname(file), { recursive: true })
  await writeFile(`${file}.new`, JSON.stringify(secrets, undefined, 2), { mode: 0o600, flush: true })
  await rename(`${file}.new`, file)
  return secrets
}

/** The secrets that a file keeps; none if there is no such file. */
export async function readSecrets<Name extends string>(file: string): Promise<Partial<Record<Name, string>>> {
  if (!existsSync(file)) return {}
  return JSON.parse(await readFile(file, 'utf8')) as Partial<Record<Name, string>>
}
