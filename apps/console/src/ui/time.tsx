import { useSyncExternalStore } from 'react'
import { numberFormats } from './numbers'
import { useSettings, type LanguageName, type TimeMode } from './settings'

/**
 * A moment, as the person has chosen to see moments; all other ways are in its tooltip. That is the browser's own: a live list
 * has a hundred new moments a second.
 */
export function Time({ at }: { at: string | Date }) {
  const { language } = useSettings()
  const date = new Date(at)
  return (
    <time
      dateTime={date.toISOString()}
      title={`${absolute(date, language, 'local')} · ${absolute(date, language, 'utc')}`}
      className="figure"
    >
      <Shown date={date} />
    </time>
  )
}

// A component of its own: the clock redraws a text only.
function Shown({ date }: { date: Date }) {
  const { time, language } = useSettings()
  const now = useNow()
  return time === 'relative' ? relative(date, now, language) : absolute(date, language, time)
}

const formatsOf = (locale: string) => {
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options)
  const inFull = { dateStyle: 'medium', timeStyle: 'medium' } as const
  return {
    local: format(inFull),
    utc: format({ ...inFull, timeZone: 'UTC' }),
    localClock: format({ timeStyle: 'medium' }),
    utcClock: format({ timeStyle: 'medium', timeZone: 'UTC' }),
    relative: new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' }),
  }
}
// Made once: making one takes longer than writing a hundred moments with it.
const formats: Record<LanguageName, ReturnType<typeof formatsOf>> = {
  en: formatsOf('en-GB'),
  de: formatsOf('de-DE'),
}

export function absolute(date: Date, language: LanguageName, mode: TimeMode): string {
  return mode === 'utc' ? `${formats[language].utc.format(date)} UTC` : formats[language].local.format(date)
}

/** The time of day alone. */
export const clockTime = (date: Date, language: LanguageName, mode: TimeMode): string =>
  formats[language][mode === 'utc' ? 'utcClock' : 'localClock'].format(date)

const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]

export function relative(date: Date, now: number, language: LanguageName): string {
  // What happened since the clock last ticked is no future.
  const since = Math.round((date.getTime() - now) / 1000)
  const seconds = since > 0 && since <= 2 ? 0 : since
  const [unit, size] = steps.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1]
  return formats[language].relative.format(Math.trunc(seconds / size), unit)
}

/** How long something took, in two units at most: `2 min 5 s`. */
export function duration(seconds: number, language: LanguageName): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 60) return `${numberFormats[language].tenths(seconds)} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`
}

// One clock for all moments of a page, so that they agree.
const clock = new Set<() => void>()
let now = Date.now()
setInterval(() => {
  now = Date.now()
  for (const tick of clock) tick()
}, 1_000)

/** The time now, every second. */
export const useNow = () => useSyncExternalStore(onTick, () => now)

function onTick(tick: () => void): () => void {
  clock.add(tick)
  return () => void clock.delete(tick)
}
