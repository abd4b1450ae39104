import { z } from 'zod'
import { faultOfPostgresUrl } from './postgres-url'
import { faultOfRedisUrl } from './redis-url'

// setTimeout takes 32 bits of milliseconds; above that it fires at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** A whole number in a range, both ends included. */
export function integer({ min, max }: { min: number; max: number }): z.ZodType<number> {
  return fromText({
    read: (text) => (/^-?\d{1,15}$/.test(text) ? inRange(Number(text), min, max) : undefined),
    fault: `must be a whole number from ${min} to ${max}`,
    example: String(min),
  })
}

/** A TCP port; 0 asks the system for a free one. */
export function port(): z.ZodType<number> {
  return integer({ min: 0, max: 65_535 }).meta({ examples: ['8081'] })
}

/** A positive number of seconds, fractions allowed; the result is in `unit`. */
export function seconds({ unit }: { unit: 's' | 'ms' }): z.ZodType<number> {
  const [min, max] = [0.001, Math.floor(LONGEST_TIMER_MS / 1000)]
  return fromText({
    read(text) {
      const value = /^\d+(\.\d+)?$/.test(text) ? inRange(Number(text), min, max) : undefined
      return value !== undefined && unit === 'ms' ? Math.round(value * 1000) : value
    },
    fault: `must be a number of seconds from ${min} to ${max}`,
    example: '30',
  })
}

/** A positive whole number of milliseconds. */
export function milliseconds(): z.ZodType<number> {
  return integer({ min: 1, max: LONGEST_TIMER_MS }).meta({ examples: ['2000'] })
}

/** `true`, `1`, `on`, or `false`, `0`, `off`, in any case. */
export function boolean(): z.ZodType<boolean> {
  const words = new Map([
    ...['true', '1', 'on'].map((word) => [word, true] as const),
    ...['false', '0', 'off'].map((word) => [word, false] as const),
  ])
  return fromText({
    read: (text) => words.get(text.toLowerCase()),
    fault: `must be one of ${[...words.keys()].join(', ')}`,
    example: 'true',
  })
}

/**
 * An http or https URL without credentials, given back without a slash at its end, so that a path can be added.
 *
 * @param query whether it may have a query: then it is the URL of one thing
 */
export function httpUrl({ query = false } = {}): z.ZodType<string> {
  return fromText({
    read(text) {
      if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
      const { username, password } = new URL(text)
      const more = query ? '#' : '?#'
      const fits = username === '' && password === '' && ![...more].some((sign) => text.includes(sign))
      return fits ? withoutSlashes(text) : undefined
    },
    fault: `must be a URL with http:// or https://, without a user, password${query ? '' : ', query'} or fragment`,
    example: 'http://localhost:8081',
  })
}

/** An origin as browsers send it (`https://app.example.com`), or `*` for any. */
export function origin(): z.ZodType<string> {
  return fromText({
    read: (text) =>
      text === '*' || (URL.canParse(text) && new URL(text).origin === text) ? text : undefined,
    fault: 'must be an origin as browsers send it: scheme and host, in lower case, and no slash at the end',
    example: 'https://app.example.com',
  })
}

/** A name that a service is called by (`numbers.example.com`), `*.example.com` for all below one, or `*`; in lower case. */
export function hostName(): z.ZodType<string> {
  const name = /^(\*|(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*)$/
  return fromText({
    read: (text) => (name.test(text.toLowerCase()) ? text.toLowerCase() : undefined),
    fault: 'must be a name without scheme and port, *. and a name, or *',
    example: 'numbers.example.com',
  })
}

/** Values separated by commas, each as `item` wants it; spaces around them and empty ones are dropped. */
export function list<T>(item: z.ZodType<T>): z.ZodType<readonly T[]> {
  return z
    .string()
    .transform((text): unknown[] => text.split(',').flatMap((part) => part.trim() || []))
    .pipe(z.array(item))
    .transform((items): readonly T[] => Object.freeze(items))
    .meta({ examples: [exampleOf(item) ?? 'a,b'] })
}

/** A PostgreSQL URL that names its database and has no parameter that would be left out, given back as it is. */
export function postgresUrl(): z.ZodType<string> {
  return z
    .string()
    .superRefine((text, context) => {
      const fault = faultOfPostgresUrl(text)
      if (fault) context.addIssue(fault)
    })
    .meta({ examples: ['postgres://postgres:p%40ss@localhost:5432/userdb'] })
}

/** A URL of Redis, with the files of TLS as its parameters, given back as it is. */
export function redisUrl(): z.ZodType<string> {
  return z
    .string()
    .superRefine((text, context) => {
      const fault = faultOfRedisUrl(text)
      if (fault) context.addIssue(fault)
    })
    .meta({ examples: ['redis://localhost:6379'] })
}

/** The example that a schema carries in its meta data. */
export function exampleOf(schema: z.ZodType): string | undefined {
  const [example] = (schema.meta()?.examples ?? []) as unknown[]
  return typeof example === 'string' ? example : undefined
}

function fromText<T>(rule: {
  read: (text: string) => T | undefined
  fault: string
  example: string
}): z.ZodType<T> {
  return z
    .string()
    .transform((text, context) => {
      const value = rule.read(text)
      if (value !== undefined) return value
      context.addIssue(rule.fault)
      return z.NEVER
    })
    .meta({ examples: [rule.example] })
}

function inRange(value: number, min: number, max: number): number | undefined {
  return value >= min && value <= max ? value : undefined
}

function withoutSlashes(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end -= 1
  return text.slice(0, end)
}
