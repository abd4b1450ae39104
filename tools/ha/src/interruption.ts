import { constants } from 'node:os'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Somebody ended the drill. */
export class Interrupted extends Error {
  /** As a shell has it. */
  readonly exitCode: number

  constructor(signal: (typeof signals)[number]) {
    super(`${signal}: all that was started has ended`)
    this.exitCode = 128 + constants.signals[signal]
  }
}

/**
 * A promise that rejects with Interrupted at the first signal to end. From then on no signal ends this process: it cleans up,
 * and ends by itself.
 */
export function interruption(): Promise<never> {
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of signals) process.on(signal, () => reject(new Interrupted(signal)))
  })
  // What nothing waits for at that moment is no fault.
  interrupted.catch(() => undefined)
  return interrupted
}

/** For whoever starts a drill within another program, which has its own signals. */
export const neverInterrupted = new Promise<never>(() => undefined)
