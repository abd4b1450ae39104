import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of migrations as Prisma has it, from their names and scripts. */
export function migrationsFolder(scripts: Record<string, string>) {
  const path = mkdtempSync(join(tmpdir(), 'ordinal-migrations-'))
  writeFileSync(join(path, 'migration_lock.toml'), 'provider = "postgresql"\n')
  const write = (name: string, script: string) => {
    mkdirSync(join(path, name), { recursive: true })
    writeFileSync(join(path, name, 'migration.sql'), script)
  }
  for (const [name, script] of Object.entries(scripts)) write(name, script)
  return { path, write, remove: () => rmSync(path, { recursive: true }) }
}
