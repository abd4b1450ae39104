import { createTyped } from '../ui/typed'

// What has been typed since the search was asked for, while its field is not there to hear it.
const typed = createTyped()
let opening: Promise<void> | undefined

/** Opens the search. Its code may still have to come: what is typed meanwhile is kept for its field. */
export function openSearch(): Promise<void> {
  typed.begin()
  // One at a time: a second would take the search for open, and drop what was typed.
  return (opening ??= open().finally(() => (opening = undefined)))
}

/** Goes on with the keys that were pressed before the application was there: public/early-keys.js has heard them. */
export function goOnFromEarlyKeys(): void {
  const page = globalThis as { takeEarlyKeys?: () => KeyboardEvent[]; hearsKeys?: boolean }
  page.hearsKeys = true
  const [asked, ...since] = page.takeEarlyKeys?.() ?? []
  // The help hears its key wherever nobody types.
  if (asked?.key === '?') dispatchEvent(new KeyboardEvent('keydown', { key: '?' }))
  else if (asked) {
    void openSearch()
    for (const event of since) typed.keep(event)
  }
}

async function open(): Promise<void> {
  try {
    const { showSearch } = await import('./search')
    // Unless Esc was pressed meanwhile.
    if (typed.isKept()) showSearch()
  } catch {
    // The key opens it once the sequencer answers again.
    typed.take()
  }
}

/** What was typed until now. From here on the field hears the keys itself. */
export const takeTyped = typed.take
