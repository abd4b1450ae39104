import { createHash } from 'node:crypto'
import type { Fault } from './config-error'
import type { Definition, Environment } from './define'

// Examples that documents of this repository had in place of a secret, and words that are guessed first.
const wellKnown = [
  'postgres',
  'password',
  'secret',
  'admin',
  'changeme',
  'change-me',
  'p@ss',
  'p@s:/#%w',
  'a-long-random-text',
  'local-order-service',
  'the-output-of-openssl-rand-hex-32',
]

/** A fault for each secret that everybody knows: an example, a default, or a word that is guessed first. */
export function faultsOfExamples({ variables }: Definition, env: Environment): Fault[] {
  const secret = Object.values(variables).filter((variable) => variable.secret)
  const examples = secret.flatMap(({ example, default: fallback }) => [example ?? '', fallback ?? ''])
  const known = new Set([...wellKnown, ...examples].flatMap(secretsIn).filter(Boolean))
  for (const text of [...known]) known.add(digestOf(text))

  return secret.flatMap(({ name, default: fallback, unusedWith }) => {
    if (unusedWith !== undefined && env[unusedWith]) return []
    const given = env[name]
    const isGuessed = (text: string) => /\w/.test(text) && (known.has(text) || known.has(repeatedIn(text)))
    if (!secretsIn(given || fallback || '').some(isGuessed)) return []
    const what = given
      ? 'is an example or a word that is guessed first, which everybody knows'
      : 'is not set, and everybody knows its default'
    return { variable: name, message: `${name} ${what}: NODE_ENV is production, so set a secret of your own` }
  })
}

/** The secrets in a value: the password of a URL, the digests of a list of keys, or a key in any of its forms. */
function secretsIn(text: string): string[] {
  const trimmed = text.trim()
  if (/^\w+:\/\//.test(trimmed)) return passwordsOf(trimmed)
  const digests = trimmed.match(/[0-9a-f]{64}/gi)
  if (digests && trimmed.includes(':')) return digests.map(canonical)
  const decoded = Buffer.from(trimmed, 'base64').toString('latin1')
  return [canonical(decoded.includes('-----BEGIN') ? decoded : trimmed)]
}

/** Without the frame and the line breaks of PEM, and in lower case. */
const canonical = (text: string) =>
  text
    .replaceAll(/-----[^-]+-----/g, '')
    .replaceAll(/\s/g, '')
    .toLowerCase()

function passwordsOf(url: string): string[] {
  if (!URL.canParse(url)) return []
  const { password, searchParams } = new URL(url)
  return [decodeURIComponent(password), searchParams.get('password') ?? ''].filter(Boolean).map(canonical)
}

/** The part that a text repeats, such as `secret` in `secret-secret-secret`; `password` for digits in a row, or one or two characters. */
function repeatedIn(text: string): string {
  const [, part = text] = /^(.+?)(?:[-_. ]?\1)*$/.exec(text) ?? []
  return new Set(part).size < 3 || '01234567890123456789abcdef'.includes(part) ? 'password' : part
}

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex')
