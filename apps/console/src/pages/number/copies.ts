import type { NumberWithHistory } from '@ordinal/client'

/**
 * What gets a number again, to be copied. A token stays a variable of the shell or of the environment.
 *
 * @param sequencer where the service is
 */
export function copiesOf({ full_number, prefix }: NumberWithHistory, sequencer: string) {
  const base = sequencer.replace(/\/$/, '')
  const path = `/api/v1/numbers/${encodeURIComponent(full_number)}?prefix=${encodeURIComponent(prefix)}`
  return {
    curl: `curl --fail-with-body -H "Authorization: Bearer $TOKEN" ${quoted(base + path)}`,
    code: [
      "import { createOrdinal } from '@ordinal/client'",
      '',
      `const ordinal = createOrdinal({ sequencer: ${JSON.stringify(base)}, token: process.env.TOKEN })`,
      `console.log(await ordinal.numbers.get(${JSON.stringify(full_number)}, { prefix: ${JSON.stringify(prefix)} }))`,
      '',
    ].join('\n'),
  }
}

/** A text as one word of a shell. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
