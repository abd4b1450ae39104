import { AppError } from '@ordinal/errors'
import { withTimeout } from './with-timeout'

/** By this header a caller says how many milliseconds it waits for the answer. Not a time of day: clocks differ. */
export const timeoutHeader = 'X-Request-Timeout-Ms'

/**
 * The moment until which a caller waits for its answer, and whether it is still there. A class, since every request has
 * one: it costs an object, and its signal and timer are made only where they are asked for.
 */
export class Deadline {
  private controller: AbortController | undefined
  private timer: NodeJS.Timeout | undefined
  private caller: AbortSignal | undefined
  private onCallerGone: (() => void) | undefined

  /**
   * @param expiresAtMs on the clock of `performance.now()`; Infinity if there is no such moment
   * @param watchCaller makes a signal that aborts when the caller disconnects; called once at most
   * @param exceeded the error when it passes
   */
  constructor(
    private readonly expiresAtMs: number,
    private readonly watchCaller?: () => AbortSignal,
    private readonly exceeded: () => Error = deadlineExceeded,
  ) {}

  /** How many milliseconds are left: 0 or less once it has passed, Infinity if it never does. */
  remainingMs(): number {
    return this.expiresAtMs - performance.now()
  }

  /**
   * Aborts when the deadline passes, or when the caller disconnects; its reason is what `throwIfExpired` throws.
   *
   * Not AbortSignal.any([AbortSignal.timeout(ms), caller]): in Node 20 the garbage collector takes such a signal from
   * those who wait for it, and it never aborts (tried: 0 of 100 did).
   */
  signal(): AbortSignal {
    if (this.controller) return this.controller.signal
    this.controller = new AbortController()
    const caller = this.callerSignal()
    this.onCallerGone = () => this.abort(callerGone())
    if (caller?.aborted) this.onCallerGone()
    else caller?.addEventListener('abort', this.onCallerGone)
    if (this.expiresAtMs !== Infinity && !caller?.aborted) {
      this.timer = setTimeout(() => this.abort(this.exceeded()), Math.max(0, this.remainingMs()))
    }
    return this.controller.signal
  }

  /**
   * Called before a step that is not worth taking once nobody waits for its result.
   *
   * @throws AppError `deadline_exceeded`, `caller_gone`
   */
  throwIfExpired(): void {
    if (this.remainingMs() <= 0) throw this.exceeded()
    if (this.callerSignal()?.aborted) throw callerGone()
  }

  /**
   * The deadline of a part of the work, which has so many milliseconds, and no longer than the whole.
   *
   * @param exceeded the error when that many pass before the deadline of the whole
   */
  within(ms: number, exceeded = this.exceeded): Deadline {
    const endsAtMs = performance.now() + ms
    const watchCaller = this.watchCaller && (() => this.callerSignal()!)
    return endsAtMs < this.expiresAtMs
      ? new Deadline(endsAtMs, watchCaller, exceeded)
      : new Deadline(this.expiresAtMs, watchCaller, this.exceeded)
  }

  /** Aborts the signal before its time. */
  abort(reason: Error): void {
    this.dispose()
    this.controller ??= new AbortController()
    this.controller.abort(reason)
  }

  /** Ends the timer and the listener of the signal, which then never aborts: for whoever made the deadline, at the end. */
  dispose(): void {
    clearTimeout(this.timer)
    if (this.onCallerGone) this.caller?.removeEventListener('abort', this.onCallerGone)
  }

  private callerSignal(): AbortSignal | undefined {
    return (this.caller ??= this.watchCaller?.())
  }
}

/** The deadline that never passes: of work for which nobody waits, or as long as it takes. */
export const noDeadline = new Deadline(Infinity)

/** A deadline so many milliseconds from now. */
export const deadlineIn = (ms: number, watchCaller?: () => AbortSignal): Deadline =>
  new Deadline(performance.now() + ms, watchCaller)

/**
 * As the work, or rejected when the deadline passes; what comes later is dropped. For work that changes nothing.
 *
 * @throws AppError `deadline_exceeded`
 */
export function withDeadline<T>(work: Promise<T>, deadline: Deadline): Promise<T> {
  const remainingMs = deadline.remainingMs()
  return remainingMs === Infinity ? work : withTimeout(work, remainingMs, deadlineExceeded)
}

function deadlineExceeded(): AppError {
  return new AppError('deadline_exceeded', 'Nothing was changed before the deadline; allow more time')
}

function callerGone(): AppError {
  return new AppError('caller_gone', 'The caller has disconnected')
}
