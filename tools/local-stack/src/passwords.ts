import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A secret at random: 48 characters. */
export const newSecret = () => randomBytes(24).toString('hex')

/** An Ed25519 private key, to sign with: the base64 of its PKCS#8. */
export const newSigningKey = () =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')

/** Gives the secrets kept in a file that only we may read; each is made the first time that it is asked for. */
export async function keepSecrets<Name extends string>(
  file: string,
  makers: Record<Name, () => string>,
): Promise<Record<Name, string>> {
  const kept = await readSecrets<Name>(file)
  const names = Object.keys(makers) as Name[]
  const entries = names.map((name) => [name, kept[name] ?? makers[name]()])
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
