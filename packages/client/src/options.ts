/** Where the services are; only those that are used: `https://numbers.example.com`, with a path if they have one. */
export interface Addresses {
  users?: string
  orders?: string
  sequencer?: string
}

/** What a client needs to know. */
export interface OrdinalOptions extends Addresses {
  /** Sent as X-API-Key. */
  apiKey?: string
  /** Sent as a bearer token; a function is asked before each attempt, so that it can renew it. */
  token?: string | (() => string | Promise<string>)
  /** For the whole call, with all attempts and pauses. 30 s if not given. */
  timeoutMs?: number
  /** For one attempt. 10 s if not given. */
  attemptTimeoutMs?: number
  /** How many times more a request is sent after the first. 8 if not given. */
  retries?: number
  /** A longer Retry-After is not waited for: the call rejects, with `retryAfterMs`. 30 s if not given. */
  longestRetryAfterMs?: number
  /** Of an answer that is no file and no stream: a larger one is an error, and is not read to its end. 64 MiB if not given. */
  largestAnswerBytes?: number
  /** In place of the global `fetch`. */
  fetch?: typeof fetch
  /** Sees each attempt before it is sent, and may add headers: `traceparent`. */
  onRequest?: (request: AttemptRequest) => void
  /** Sees how each attempt ended. */
  onResponse?: (response: AttemptResponse) => void
}

/** Of one call; what is not given is as the client's options say. */
export interface CallOptions {
  /** Makes the call the same as an earlier one with this key; one is made up for each write that has none. */
  idempotencyKey?: string
  timeoutMs?: number
  attemptTimeoutMs?: number
  retries?: number
  /** Ends the call. What was sent may still be carried out. */
  signal?: AbortSignal
  /** More headers: `traceparent`, `tracestate`, `X-Request-Id`. */
  headers?: Readonly<Record<string, string>>
}

/** Of a change: only if it still is in that version (`If-Match`). */
export interface ChangeOptions extends CallOptions {
  ifVersion?: number
}

export interface AttemptRequest {
  method: string
  url: string
  /** From 1. */
  attempt: number
  headers: Headers
}

export interface AttemptResponse {
  method: string
  url: string
  attempt: number
  /** Undefined if there was no answer. */
  status: number | undefined
  durationMs: number
}
