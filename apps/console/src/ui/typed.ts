/** Whether keys go into a field. */
export const isTyping = (at: Element | null) =>
  at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName))

/** Puts a text into a field as if it were typed now. */
export function insert(field: HTMLInputElement, text: string): void {
  if (text === '') return
  field.setRangeText(text, 0, 0, 'end')
  field.dispatchEvent(new Event('input', { bubbles: true }))
}

/** Keeps what is typed or pasted from when a field was asked for until it is there to hear it. */
export function createTyped() {
  let text: string | undefined
  let onEscape = () => {}

  /** @param escaped what Esc does besides forgetting what was typed */
  function begin(escaped = () => {}): void {
    text ??= ''
    onEscape = escaped
    addEventListener('keydown', keep, { capture: true })
    addEventListener('paste', keepPasted, { capture: true })
  }

  /** What was typed until now. From here on the field hears the keys itself. */
  function take(): string {
    const taken = text ?? ''
    text = undefined
    removeEventListener('keydown', keep, { capture: true })
    removeEventListener('paste', keepPasted, { capture: true })
    return taken
  }

  /** Keeps a key from whatever else hears it: `j` leads to no row now, and Enter presses no button. */
  function keep(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(document.activeElement)) return
    if (event.key === 'Escape') {
      take()
      onEscape()
    } else if (event.key === 'Backspace') text = text?.slice(0, -1)
    else if (event.key.length === 1) text = (text ?? '') + event.key
    else if (event.key !== 'Enter') return
    event.preventDefault()
    event.stopPropagation()
  }

  function keepPasted(event: ClipboardEvent): void {
    if (isTyping(document.activeElement)) return
    text = (text ?? '') + (event.clipboardData?.getData('text/plain') ?? '')
    event.preventDefault()
  }

  return { begin, take, keep, isKept: () => text !== undefined }
}
