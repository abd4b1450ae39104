import { mediaOf, refuseRedirect, textOf, unexpected } from './answer'
import { sleep } from './clock'
import { errorOf } from './errors'
import { headersOf } from './headers'
import type { OrdinalOptions } from './options'
import { problemOf } from './problem'
import { longestRetryAfterMs, mayRepeat, pauseMs, retryAfterMs } from './retry'
import { messagesIn, type Message } from './server-sent-events'

export interface StreamOptions {
  /** Goes on after that event. Without it the stream begins now. */
  lastEventId?: string
  /** Ends the stream. */
  signal?: AbortSignal
}

/** What happened to numbers: `issue`, `release` and so on; `stats`; `behind` where too much was missed to be sent. */
export interface StreamEvent {
  /** Where a later stream goes on after it; only some have one. */
  id: string | undefined
  type: string
  data: unknown
}

// The service says something every ten seconds.
const silenceMs = 30_000
/** Made for each listener: they do not come again after a broken connection. */
const fleeting = ['stats', 'behind']

/**
 * The events of the sequencer, as they happen, each once: after a broken connection it goes on where it was. It ends when
 * its signal is aborted, or the caller leaves the loop.
 *
 * @throws ProblemError where the service refuses for good (401, 403), or for longer than `longestRetryAfterMs`;
 *   UnexpectedAnswerError where a redirect, a page or something else answers that is no stream of the service
 */
export async function* openStream(
  url: string,
  client: OrdinalOptions,
  { lastEventId, signal: outer }: StreamOptions = {},
): AsyncGenerator<StreamEvent, void, undefined> {
  // Only the last event of a commit has an id: what came after it comes again, and is passed over.
  let sinceId = 0
  let failed = 0
  while (!outer?.aborted) {
    const connection = connect(url, client, lastEventId, outer)
    let toSkip = lastEventId === undefined ? 0 : sinceId
    try {
      for await (const { id, type, data } of connection.messages) {
        failed = 0
        const comesAgain = !fleeting.includes(type)
        if (comesAgain && toSkip > 0) toSkip -= 1
        else {
          if (comesAgain) sinceId += 1
          yield { id, type, data: connection.read(data) }
        }
        if (id !== undefined) [lastEventId, sinceId, toSkip] = [id, 0, 0]
      }
    } finally {
      connection.end()
    }
    failed += 1
    await sleep(pauseMs(failed, connection.waitMs()), outer ?? never).catch(() => {})
  }
}

const never = new AbortController().signal

/** One connection. Its messages end when it breaks, for whatever reason. */
function connect(url: string, client: OrdinalOptions, lastEventId: string | undefined, outer?: AbortSignal) {
  const controller = new AbortController()
  const end = () => controller.abort()
  let silence = setTimeout(end, silenceMs)
  const heard = () => {
    clearTimeout(silence)
    silence = setTimeout(end, silenceMs)
  }
  outer?.addEventListener('abort', end, { once: true })
  let waitMs = 0
  const asked = { method: 'GET' as const, url, attempt: 1 }

  async function* messages(): AsyncGenerator<Message, void, undefined> {
    const headers = await headersOf(client, {}, undefined, false)
    headers.set('Accept', 'text/event-stream')
    if (lastEventId !== undefined) headers.set('Last-Event-ID', lastEventId)
    client.onRequest?.({ ...asked, headers })
    const response = await answered(() =>
      (client.fetch ?? fetch)(url, { headers, signal: controller.signal, redirect: 'manual' }),
    )
    if (!response) return
    refuseRedirect(response, asked)
    if (!response.ok) {
      waitMs = retryAfterMs(response.headers.get('Retry-After')) ?? 0
      const text = await answered(() => textOf(response, asked, client.largestAnswerBytes))
      const error = errorOf(problemOf(response.status, text ?? ''), { attempts: 1, retryAfterMs: waitMs })
      if (mayRepeat(error) && waitMs <= (client.longestRetryAfterMs ?? longestRetryAfterMs)) return
      throw error
    }
    const media = mediaOf(response.headers)
    if (!response.body || !/^text\/event-stream\b/i.test(media))
      throw unexpected(asked, response.status, `with ${media}, and no stream of events`)
    const received = messagesIn(response.body, heard)
    for (;;) {
      const next = await answered(() => received.next())
      if (!next || next.done) return
      yield next.value
    }
  }

  return {
    messages: messages(),
    waitMs: () => waitMs,
    read(data: string): unknown {
      try {
        return JSON.parse(data)
      } catch {
        throw unexpected(asked, 200, 'with an event that is no JSON')
      }
    },
    end() {
      clearTimeout(silence)
      outer?.removeEventListener('abort', end)
      end()
    },
  }
}

/** Undefined where the network failed. */
const answered = <T>(ask: () => Promise<T>): Promise<T | undefined> => ask().catch(() => undefined)
