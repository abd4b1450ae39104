import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Passwords, Role } from './databases'

/** Gives the passwords kept in a file that only we may read, made at random the first time. */
export async function keepPasswords(file: string, roles: readonly Role[]): Promise<Passwords> {
  const kept = existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Partial<Passwords>) : {}
  const entries = roles.map((role) => [role, kept[role] ?? randomBytes(24).toString('hex')])
  const passwords = Object.fromEntries(entries) as Passwords
  await mkdir(dirname(file), { recursive: true })
  await writeFile(`${file}.new`, JSON.stringify(passwords, undefined, 2), { mode: 0o600, flush: true })
  await rename(`${file}.new`, file)
  return passwords
}
