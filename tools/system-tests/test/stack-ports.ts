import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, isFree } from '@ordinal/testing'
import { listedServices, prefixOf, type ListedService } from '../src/service'

/** The ports of `make run`, which the pages name. */
const usualPorts = (services: readonly ListedService[]) =>
  services.flatMap(({ name, port, grpcPort, debugPort }): [variable: string, port: number][] => {
    const prefix = prefixOf(name)
    return [
      [`${prefix}_PORT`, port],
      ...(grpcPort === undefined ? [] : [[`${prefix}_GRPC_PORT`, grpcPort] as [string, number]]),
      [`${prefix}_DEBUG_PORT`, debugPort],
    ]
  })

export interface StackPorts {
  all: number[]
  /** The port of this stack for one that a page names. */
  of(port: number): number
  /** A text of a page, with the ports of this stack. */
  here(text: string): string
}

/**
 * Chooses the ports for `make run` in a copy of the repository: those that the pages name, and others, by its .env,
 * where another program of this machine has them, such as the stack of another clone. Only the first worker of a run takes
 * the usual ones: another could take them at the same moment.
 *
 * @param services those of the copy
 */
export async function choosePorts(copy: string, services = listedServices): Promise<StackPorts> {
  const chosen = new Map<number, number>()
  const settings: string[] = []
  const isFirstWorker = process.env.JEST_WORKER_ID === '1'
  for (const [variable, port] of usualPorts(services)) {
    chosen.set(port, isFirstWorker && (await isFree(port)) ? port : await freePort())
    if (chosen.get(port) !== port) settings.push(`${variable}=${chosen.get(port)}\n`)
  }
  if (settings.length > 0) writeFileSync(join(copy, '.env'), settings.join(''))

  const named = new RegExp(`(?<![\\d.])(${[...chosen.keys()].join('|')})(?!\\d)`, 'g')
  return {
    all: [...chosen.values()],
    of: (port) => chosen.get(port)!,
    here: (text) => text.replaceAll(named, (port) => String(chosen.get(Number(port)))),
  }
}
