import CircuitBreaker from 'opossum'

export type BreakerState = 'closed' | 'half_open' | 'open'

export interface BreakerOptions {
  /** How long it stays open before trials. */
  resetTimeoutMs: number
  /** The window in which successes and failures are counted while closed. */
  intervalMs: number
  /** While half-open: how many trials may be under way, and how many successes in a row close it. */
  maxRequests: number
  /** It opens when more than this share of the calls in the window failed, */
  errorThresholdPercentage: number
  /** and the window has at least this many calls. */
  volumeThreshold: number
  /**
   * It opens as well when so many calls in a row failed: after an hour of successes, their share of the window stays
   * small for long, while each caller waits for its timeout.
   */
  consecutiveFailures: number
}

/** What a call tells of the service; `nothing` when the caller disconnected, for example. */
export type Verdict = 'success' | 'failure' | 'nothing'

/** Leave to make one call, to be handed back with what the call told. */
export type Permit = (verdict: Verdict) => Promise<void>

export interface Breaker {
  state(): BreakerState
  /** How often it has opened. */
  openedTotal(): number
  /** Until trials begin; 0 unless open. */
  remainingMs(): number
  /** Leave for a call, or undefined: open, or enough trials under way. */
  admit(): Permit | undefined
  /** Leave for a call past an open breaker. Its success closes the breaker. */
  admitProbe(): Permit
  /** Stops its timers. */
  shutdown(): void
}

/**
 * A circuit breaker with gobreaker's half-open state, on opossum's window, threshold and timer, which also opens
 * after failures in a row.
 *
 * Calls run outside of opossum, which only gets their outcomes: it would count rejected calls as calls, take a
 * filtered error for a success that closes it, close after a single success, and let calls from before it opened
 * decide over a trial.
 */
export function createBreaker(
  options: BreakerOptions,
  onChange: (state: BreakerState, previous: BreakerState) => void,
): Breaker {
  let state: BreakerState = 'closed'
  // The calls let in since the state last changed; those from before no longer count.
  let current = { underWay: 0, successes: 0, failuresInARow: 0 }
  let openedTotal = 0
  let openUntil = 0
  let circuit = createCircuit()

  function createCircuit() {
    const tell = (verdict: Verdict) =>
      verdict === 'failure' ? Promise.reject(new Error(verdict)) : Promise.resolve()
    const created = new CircuitBreaker(tell, {
      timeout: false,
      resetTimeout: options.resetTimeoutMs,
      rollingCountTimeout: options.intervalMs,
      errorThresholdPercentage: options.errorThresholdPercentage,
      volumeThreshold: options.volumeThreshold,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    })
    created.on('open', () => {
      openedTotal += 1
      openUntil = performance.now() + options.resetTimeoutMs
      enter('open')
    })
    created.on('halfOpen', () => enter('half_open'))
    return created
  }

  function enter(next: BreakerState) {
    const previous = state
    state = next
    current = { underWay: 0, successes: 0, failuresInARow: 0 }
    onChange(next, previous)
  }

  /** Closes with an empty window: what came before the outage must not open it again. */
  function close() {
    if (circuit.isShutdown) return
    circuit.shutdown()
    circuit = createCircuit()
    enter('closed')
  }

  async function count(verdict: Verdict): Promise<void> {
    const mine = current
    mine.failuresInARow = verdict === 'failure' ? mine.failuresInARow + 1 : 0
    await circuit.fire(verdict).catch(() => undefined)
    if (mine === current && mine.failuresInARow >= options.consecutiveFailures) circuit.open()
  }

  function permit(): Permit {
    const mine = current
    mine.underWay += 1
    return async (verdict) => {
      mine.underWay -= 1
      if (mine !== current || verdict === 'nothing') return
      if (state === 'closed') await count(verdict)
      else if (verdict === 'failure') circuit.open()
      else if (++mine.successes >= options.maxRequests) close()
    }
  }

  return {
    state: () => state,
    openedTotal: () => openedTotal,
    remainingMs: () => (state === 'open' ? Math.max(0, openUntil - performance.now()) : 0),
    admit() {
      const full = state === 'half_open' && current.underWay >= options.maxRequests
      return state === 'open' || full ? undefined : permit()
    },
    admitProbe() {
      if (state === 'closed') return permit()
      return (verdict) => {
        if (state !== 'closed' && verdict === 'success') close()
        if (state === 'half_open' && verdict === 'failure') circuit.open()
        return Promise.resolve()
      }
    },
    shutdown: () => circuit.shutdown(),
  }
}
