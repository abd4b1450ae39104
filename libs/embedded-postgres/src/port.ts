import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'

/**
 * A port of an address that nothing listens on at this moment; `preferred` if that is free.
 *
 * @param avoided ports that it does not return
 */
export async function findFreePort(
  host: string,
  preferred = 0,
  avoided: readonly number[] = [],
): Promise<number> {
  const probe = createServer()
  try {
    await once(probe.listen(preferred, host), 'listening')
  } catch (error) {
    if (preferred === 0) throw error
    return findFreePort(host, 0, avoided)
  }
  const { port } = probe.address() as { port: number }
  await once(probe.close(), 'close')
  return avoided.includes(port) ? findFreePort(host, 0, avoided) : port
}

/** The port this data folder's server had last, so that it can have the same one again. */
export async function recallPort(dataFolder: string): Promise<number> {
  return Number(await readFile(join(dataFolder, 'port'), 'utf8').catch(() => '0'))
}

export async function rememberPort(dataFolder: string, port: number): Promise<void> {
  await writeFile(join(dataFolder, 'port'), String(port))
}
