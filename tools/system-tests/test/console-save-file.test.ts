import { consoleModule } from './console-module'

interface SaveFile {
  wholeOf(content: ReadableStream<Uint8Array>, most: number, signal?: AbortSignal): Promise<Blob>
  FileTooLargeError: new () => Error
}

const { wholeOf, FileTooLargeError } = consoleModule<SaveFile>('ui/save-file.ts')

/** So many pieces of ten bytes, and what was made of it. */
function pieces(count: number) {
  const seen = { sent: 0, cancelled: false }
  const content = new ReadableStream<Uint8Array>(
    {
      pull(out) {
        if (seen.sent === count) return out.close()
        seen.sent += 1
        out.enqueue(new Uint8Array(10))
      },
      cancel: () => void (seen.cancelled = true),
    },
    { highWaterMark: 0 },
  )
  return { content, seen }
}

test('an export that is kept in memory may be as large as the bound', async () => {
  const { content, seen } = pieces(5)
  expect((await wholeOf(content, 50)).size).toBe(50)
  expect(seen).toEqual({ sent: 5, cancelled: false })
})

test('one that is larger is refused when it passes the bound, and the rest is not asked for', async () => {
  const { content, seen } = pieces(1_000)
  await expect(wholeOf(content, 49)).rejects.toBeInstanceOf(FileTooLargeError)
  expect(seen.cancelled).toBe(true)
  expect(seen.sent).toBeLessThan(10)
})

test('one that is stopped ends with the reason, and the rest is not asked for', async () => {
  const { content, seen } = pieces(1_000)
  const stopped = new Error('stopped')
  await expect(wholeOf(content, 50, AbortSignal.abort(stopped))).rejects.toBe(stopped)
  expect(seen.cancelled).toBe(true)
})
