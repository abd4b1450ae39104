import { useSyncExternalStore } from 'react'
import { Tooltip } from '@mantine/core'
import { numberFormats } from './numbers'
import { useSettings, type LanguageName, type TimeMode } from './settings'

/** A moment, as the person has chosen to see moments; all other ways are in its tooltip. */
export function Time({ at }: { at: string | Date }) {
  const { time, language } = useSettings()
  const date = new Date(at)
  const now = useNow()
  return (
    <Tooltip label={`${absolute(date, language, 'local')} · ${absolute(date, language, 'utc')}`}>
      <time dateTime={date.toISOString()} className="figure">
        {time === 'relative' ? relative(date, now, language) : absolute(date, language, time)}
      </time>
    </Tooltip>
  )
}

export function absolute(date: Date, language: LanguageName, mode: TimeMode): string {
  const format = new Intl.DateTimeFormat(language === 'de' ? 'de-DE' : 'en-GB', {
    dateStyle: 'medium',
    timeStyle: 'medium',
    ...(mode === 'utc' && { timeZone: 'UTC' }),
  })
  return format.format(date) + (mode === 'utc' ? ' UTC' : '')
}

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
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' }).format(
    Math.trunc(seconds / size),
    unit,
  )
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
export const useNow = () =>
  useSyncExternalStore(
    (tick) => {
      clock.add(tick)
      return () => void clock.delete(tick)
    },
    () => now,
  )
