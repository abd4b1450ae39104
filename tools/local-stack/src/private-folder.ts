import { chmodSync, mkdirSync } from 'node:fs'

/**
 * Creates a folder that nobody else can read, or makes an existing one so. As root, the account that PostgreSQL runs as can
 * enter it, and cannot list it.
 */
export function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, process.getuid?.() === 0 ? 0o711 : 0o700)
}
