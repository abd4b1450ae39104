/**
 * Saves what arrives as a file, as a link to it would: the browser keeps it outside of the page's memory until it is whole.
 *
 * @throws whatever ends the stream before
 */
export async function saveFile(name: string, content: ReadableStream<Uint8Array> | string): Promise<void> {
  const url = URL.createObjectURL(await new Response(content).blob())
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
