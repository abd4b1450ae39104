import { isTyping } from './keyboard'

// What has been typed since the search was asked for, while its field is not there to hear it; undefined otherwise.
let typed: string | undefined
let opening: Promise<void> | undefined

/** Opens the search. Its code may still have to come: what is typed meanwhile is kept for its field. */
export function openSearch(): Promise<void> {
  typed ??= ''
  addEventListener('keydown', keep, { capture: true })
  // One at a time: a second would take the search for open, and drop what was typed.
  return (opening ??= open().finally(() => (opening = undefined)))
}

/** Goes on with the keys that were pressed before the application was there: public/early-keys.js has heard them. */
export function goOnFromEarlyKeys(): void {
  const page = globalThis as { takeEarlyKeys?: () => KeyboardEvent[]; hearsKeys?: boolean }
  page.hearsKeys = true
  const [asked, ...since] = page.takeEarlyKeys?.() ?? []
  if (!asked) return
  void openSearch()
  for (const event of since) keep(event)
}

async function open(): Promise<void> {
  try {
    const { showSearch } = await import('./search')
    // Unless Esc was pressed meanwhile.
    if (typed !== undefined) showSearch()
  } catch {
    // The key opens it once the sequencer answers again.
    takeTyped()
  }
}

/** What was typed until now. From here on the field hears the keys itself. */
export function takeTyped(): string {
  const text = typed ?? ''
  typed = undefined
  removeEventListener('keydown', keep, { capture: true })
  return text
}

/** Keeps a key from whatever else hears it: `j` leads to no row now, and Enter presses no button. */
function keep(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(document.activeElement)) return
  if (event.key === 'Escape') takeTyped()
  else if (event.key === 'Backspace') typed = typed?.slice(0, -1)
  else if (event.key.length === 1) typed = (typed ?? '') + event.key
  else if (event.key !== 'Enter') return
  event.preventDefault()
  event.stopPropagation()
}
