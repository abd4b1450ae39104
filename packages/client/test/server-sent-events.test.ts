import fc from 'fast-check'
import { messagesIn } from '../src/server-sent-events'

async function read(text: string, cuts: readonly number[]) {
  const bytes = new TextEncoder().encode(text)
  const ends = [...new Set([...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  )
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      ends.forEach((end, i) => controller.enqueue(bytes.subarray(ends[i - 1] ?? 0, end)))
      controller.close()
    },
  })
  const messages = []
  for await (const message of messagesIn(body)) messages.push(message)
  return messages
}

test('messages are the same however the network cuts them', async () => {
  const text =
    'retry: 2000\n\n: still here\n\nevent: issue\nid: abc\ndata: {"number":"Übung-1"}\n\ndata: a\r\ndata:b\r\n\r\nevent: cut\ndata: x\n'
  const expected = [
    { id: 'abc', type: 'issue', data: '{"number":"Übung-1"}' },
    { id: undefined, type: 'message', data: 'a\nb' },
  ]
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat()), async (cuts) => {
      expect(await read(text, cuts)).toEqual(expected)
    }),
  )
})
