export interface Progress {
  bytes: number
  lines: number
}

// So often a page that verifies lets the browser draw and take clicks.
const sliceMs = 30

/**
 * The lines of a text as its bytes arrive. What takes them may be slow: the browser gets its turn in between.
 *
 * @param onSlice hears how far it is, at each such turn and at the end
 * @throws the reason of the signal, when it aborts
 */
export async function* linesOf(
  bytes: ReadableStream<Uint8Array>,
  onSlice: (progress: Progress) => void,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const reader = bytes.getReader()
  const progress = { bytes: 0, lines: 0 }
  let rest = ''
  let turnAt = performance.now()
  try {
    for (;;) {
      const { value, done } = await reader.read()
      const lines = (rest + (done ? decoder.decode() : decoder.decode(value, { stream: true }))).split('\n')
      rest = done ? '' : lines.pop()!
      progress.bytes += value?.length ?? 0
      for (const line of lines) {
        yield line.endsWith('\r') ? line.slice(0, -1) : line
        progress.lines += 1
        if (performance.now() - turnAt < sliceMs) continue
        onSlice({ ...progress })
        await new Promise((resolve) => setTimeout(resolve))
        signal.throwIfAborted()
        turnAt = performance.now()
      }
      if (done) break
    }
    onSlice({ ...progress })
  } finally {
    await reader.cancel().catch(() => {})
  }
}
