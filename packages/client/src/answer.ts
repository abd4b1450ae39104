import { UnexpectedAnswerError } from './errors'

/** What was asked for, as an error shows it. */
export interface Asked {
  method: string
  url: string
  attempt: number
}

/**
 * The object in the text of an answer that says yes; undefined where a DELETE is answered without one (204). The text is in no
 * error: whoever answered may have sent our credentials back.
 *
 * @throws UnexpectedAnswerError
 */
export function objectOf({ status, headers }: Response, text: string, asked: Asked): object | undefined {
  if (status === 204 && asked.method === 'DELETE') return undefined
  const object = parsed(text)
  if (typeof object === 'object' && object !== null && !Array.isArray(object)) return object
  throw unexpected(asked, status, `with ${mediaOf(headers)} that is no JSON object`)
}

/** What an answer may have for bytes, where the client's options say nothing. */
export const largestAnswerBytes = 64 * 1024 * 1024

/**
 * The text of an answer, which is read no further than the bound.
 *
 * @throws UnexpectedAnswerError if it is longer
 */
export async function textOf(response: Response, asked: Asked, mostBytes = largestAnswerBytes) {
  const body: ReadableStream<Uint8Array> | null = response.body
  if (!body) return response.text()
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (let bytes = 0; ;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    if (bytes > mostBytes) {
      void reader.cancel().catch(() => {})
      throw unexpected(asked, response.status, `with more than ${mostBytes} bytes`)
    }
    text += decoder.decode(value, { stream: true })
  }
}

/**
 * The body of an answer that says yes, to be read as it arrives.
 *
 * @throws UnexpectedAnswerError if it is of another media type than these
 */
export function streamOf(
  { body, status, headers }: Response,
  media: readonly string[],
  asked: Asked,
): ReadableStream<Uint8Array> {
  const [type = ''] = mediaOf(headers).split(';')
  if (body && media.includes(type.trim().toLowerCase())) return body
  void body?.cancel().catch(() => {})
  throw unexpected(asked, status, `with ${mediaOf(headers)}, and no file`)
}

/**
 * A list in an answer.
 *
 * @throws UnexpectedAnswerError if there is none
 */
export function listOf<Item>(answer: object | undefined, name: string): Item[] {
  const list = (answer as Record<string, unknown> | undefined)?.[name]
  if (Array.isArray(list)) return list as Item[]
  throw new UnexpectedAnswerError(`The answer has no list "${name}", and so is none of the service`, {
    status: 200,
    attempts: 1,
  })
}

/**
 * Refuses a redirect, which would take the credentials elsewhere.
 *
 * @throws UnexpectedAnswerError
 */
export function refuseRedirect({ status, type, redirected, body }: Response, asked: Asked): void {
  if (!redirected && type !== 'opaqueredirect' && (status < 300 || status >= 400)) return
  void body?.cancel().catch(() => {})
  throw unexpected(asked, status, 'with a redirect, which is not followed')
}

export const mediaOf = (headers: Headers) => headers.get('Content-Type') ?? 'no media type'

/** The error of an answer that the service does not give. */
export const unexpected = ({ method, url, attempt }: Asked, status: number, how: string) =>
  new UnexpectedAnswerError(
    `${method} ${url} was answered ${how} (${status}). Is it the service's address?`,
    {
      status,
      attempts: attempt,
    },
  )

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
