/** A file to which a text or a stream can be saved. */
export interface SavedFile {
  /**
   * @throws FileTooLargeError; the signal's reason, when it aborts; whatever ends the stream before
   */
  write(content: ReadableStream<Uint8Array<ArrayBuffer>>, signal?: AbortSignal): Promise<void>
}

/** The browser would have had to keep more in memory than it should. */
export class FileTooLargeError extends Error {}

interface WithPicker {
  showSaveFilePicker?: (options: { suggestedName: string }) => Promise<FileSystemFileHandle>
}

/** What a file may have where the browser keeps it in memory until it is whole. */
export const mostInMemory = 256 * 1024 * 1024

/** Whether a file of any length can be written as it arrives. Firefox and Safari cannot. */
export const writesAsItArrives = (): boolean => (window as WithPicker).showSaveFilePicker !== undefined

/**
 * Asks where a file goes, if the browser can write it as it arrives. Else it is downloaded once it is whole.
 *
 * @throws DOMException `AbortError`, if the person has chosen none
 */
export async function chooseFile(name: string): Promise<SavedFile> {
  const picker = (window as WithPicker).showSaveFilePicker
  if (!picker)
    return {
      write: async (content, signal) => download(name, await wholeOf(content, mostInMemory, signal)),
    }
  const handle = await picker.call(window, { suggestedName: name })
  return {
    async write(content, signal) {
      // Until it is closed, what was there before stays.
      await content.pipeTo(await handle.createWritable(), { ...(signal && { signal }) })
    },
  }
}

/** Downloads what is there already. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/**
 * What a stream has, in memory.
 *
 * @param most how many bytes it may have
 * @throws FileTooLargeError; the signal's reason, when it aborts; whatever ends the stream before
 */
export async function wholeOf(
  content: ReadableStream<Uint8Array<ArrayBuffer>>,
  most: number,
  signal?: AbortSignal,
): Promise<Blob> {
  const pieces: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  const collect = new WritableStream<Uint8Array<ArrayBuffer>>({
    write(piece) {
      size += piece.length
      if (size > most) throw new FileTooLargeError()
      pieces.push(piece)
    },
  })
  await content.pipeTo(collect, { ...(signal && { signal }) })
  return new Blob(pieces)
}
