import { AppError } from '@ordinal/errors'

/** How long somebody waits. */
export interface Wait {
  /** How many milliseconds; undefined if he does not say. */
  timeLeftMs?: number | undefined
  /** Aborts when he has gone away. */
  gone?: AbortSignal | undefined
}

export type Patience = ReturnType<typeof patienceOf>

// What is kept of the caller's time for a commit and the answer.
const answerMs = 100

/** The patience of a caller, from now on. */
export function patienceOf({ timeLeftMs = Infinity, gone }: Wait) {
  const end = performance.now() + timeLeftMs
  const leftMs = () => end - performance.now()
  const requireThere = () => {
    if (gone?.aborted) throw new AppError('caller_gone', 'The caller has gone away')
  }
  return {
    gone,
    leftMs,
    /** @throws AppError `caller_gone` */
    requireThere,
    /** How many milliseconds a call of another service may take for the answer to come in time. */
    callMs: () => leftMs() - answerMs,
    /**
     * To be called before what is not worth doing for somebody who has given up.
     *
     * @throws AppError `deadline_exceeded`, `caller_gone`
     */
    requireWanted(): void {
      requireThere()
      if (leftMs() <= 0)
        throw new AppError('deadline_exceeded', 'Nothing was done in the time that there was')
    },
  }
}

/** Of those who wait as long as it takes. */
export const endless: Patience = patienceOf({})
