/** One message of a stream of server-sent events. */
export interface Message {
  id: string | undefined
  type: string
  data: string
}

/**
 * Reads messages as they come, as the HTML standard says: https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 * @param onBytes called when something arrives, be it only a comment
 */
export async function* messagesIn(
  body: ReadableStream<Uint8Array>,
  onBytes: () => void = () => {},
): AsyncGenerator<Message, void, undefined> {
  let message = empty()
  for await (const line of linesIn(body, onBytes)) {
    if (line === '') {
      if (message.data.length > 0) yield { ...message, data: message.data.join('\n') }
      message = empty()
      continue
    }
    const [, field, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!
    if (field === 'data') message.data.push(value ?? '')
    else if (field === 'event') message.type = value ?? ''
    else if (field === 'id') message.id = value
  }
}

const empty = () => ({ id: undefined as string | undefined, type: 'message', data: [] as string[] })

async function* linesIn(
  body: ReadableStream<Uint8Array>,
  onBytes: () => void,
): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      onBytes()
      if (done) return // What was not ended by an empty line does not count.
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/)
      rest = lines.pop()!
      yield* lines
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}
