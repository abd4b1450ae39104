import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, isFree } from '../src/ports'

/** The ports of `make run`, which the pages name. */
const usual = {
  USER_SERVICE_PORT: 8081,
  ORDER_SERVICE_PORT: 8082,
  SEQUENCER_PORT: 8083,
  ORDER_SERVICE_GRPC_PORT: 50052,
  SEQUENCER_GRPC_PORT: 50053,
  USER_SERVICE_DEBUG_PORT: 6061,
  ORDER_SERVICE_DEBUG_PORT: 6062,
  SEQUENCER_DEBUG_PORT: 6063,
}

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
 */
export async function choosePorts(copy: string): Promise<StackPorts> {
  const chosen = new Map<number, number>()
  const settings: string[] = []
  const isFirstWorker = process.env.JEST_WORKER_ID === '1'
  for (const [variable, port] of Object.entries(usual)) {
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
