import { chmodSync, mkdirSync } from 'node:fs'

/**
 * Makes a folder into which nobody else looks, or makes that of one that is there. As root, the account that PostgreSQL
 * runs as passes through it, and sees no names.
 */
export function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, process.getuid?.() === 0 ? 0o711 : 0o700)
}
