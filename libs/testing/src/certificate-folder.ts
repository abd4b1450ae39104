import { chmod, chown, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What is in a folder of certificates. */
export interface CertificateTexts {
  cert?: string
  key?: string
  ca?: string
}

const names = { cert: 'tls.crt', key: 'tls.key', ca: 'ca.crt' } as const

/**
 * A folder with `tls.crt`, `tls.key` and `ca.crt`, as Kubernetes mounts a secret: each is a link through `..data` to a folder
 * with the files.
 */
export async function createCertificateFolder(texts: CertificateTexts) {
  const folder = await mkdtemp(join(tmpdir(), 'ordinal-tls-'))
  let current: CertificateTexts = {}
  let version = 0

  async function swap(changed: CertificateTexts): Promise<void> {
    current = { ...current, ...changed }
    const next = `..version-${++version}`
    await mkdir(join(folder, next))
    for (const which of Object.keys(current) as (keyof CertificateTexts)[])
      await writeFile(join(folder, next, names[which]), current[which]!)
    await symlink(next, join(folder, '..data_tmp'))
    await rename(join(folder, '..data_tmp'), join(folder, '..data'))
  }

  await swap(texts)
  for (const name of Object.values(names)) await symlink(join('..data', name), join(folder, name))
  return {
    certFile: join(folder, names.cert),
    keyFile: join(folder, names.key),
    caFile: join(folder, names.ca),
    /** Changes some of the files all at once, as Kubernetes does. */
    swap,
    /** Writes one of them where it is, as `cp` does. */
    async overwrite(which: keyof CertificateTexts, text: string): Promise<void> {
      await writeFile(join(folder, names[which]), text)
      current = { ...current, [which]: text }
    },
    /** Gives the files to an account, which alone may read the key then: PostgreSQL asks for that. */
    async permit(uid: number, gid: number): Promise<void> {
      await chmod(folder, 0o755)
      for (const which of Object.keys(current) as (keyof CertificateTexts)[]) {
        await chown(join(folder, names[which]), uid, gid)
        await chmod(join(folder, names[which]), 0o600)
      }
    },
    remove: () => rm(folder, { recursive: true }),
  }
}
