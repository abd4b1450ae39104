import { useSyncExternalStore } from 'react'

export type TimeMode = 'relative' | 'local' | 'utc'
export type LanguageName = 'en' | 'de'

/** What a person has chosen, remembered in this browser. */
interface Settings {
  time: TimeMode
  language: LanguageName
  /** The columns that are not shown, by table. */
  hiddenColumns: Readonly<Record<string, readonly string[]>>
}

const place = 'ordinal.settings'
const listeners = new Set<() => void>()
let settings: Settings = { time: 'relative', language: firstLanguage(), hiddenColumns: {}, ...remembered() }
document.documentElement.lang = settings.language

export const useSettings = () => useSyncExternalStore(onChange, () => settings)

// One function for all components: each new one would subscribe anew whenever it is drawn.
function onChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export function choose(change: Partial<Settings>): void {
  settings = { ...settings, ...change }
  document.documentElement.lang = settings.language
  localStorage.setItem(place, JSON.stringify(settings))
  for (const listener of listeners) listener()
}

function firstLanguage(): LanguageName {
  return navigator.language.startsWith('de') ? 'de' : 'en'
}

function remembered(): Partial<Settings> {
  try {
    return JSON.parse(localStorage.getItem(place) ?? '{}') as Partial<Settings>
  } catch {
    return {}
  }
}
