import type { ChangeOptions, OrdinalOptions } from './options'

/** What a request carries beside its body. */
export async function headersOf(
  { apiKey, token }: OrdinalOptions,
  { headers: more, ifVersion }: ChangeOptions,
  key: string | undefined,
  hasBody: boolean,
): Promise<Headers> {
  const headers = new Headers({ Accept: 'application/json' })
  if (hasBody) headers.set('Content-Type', 'application/json')
  if (key !== undefined) headers.set('Idempotency-Key', key)
  if (ifVersion !== undefined) headers.set('If-Match', `"${ifVersion}"`)
  if (apiKey !== undefined) setCredential(headers, 'X-API-Key', apiKey)
  if (token !== undefined)
    setCredential(headers, 'Authorization', `Bearer ${typeof token === 'function' ? await token() : token}`)
  for (const [name, value] of Object.entries(more ?? {})) headers.set(name, value)
  return headers
}

/** Without what `set` itself throws, which shows the credential. */
function setCredential(headers: Headers, name: string, value: string): void {
  try {
    headers.set(name, value)
  } catch {
    throw new TypeError(`${name} has a character that no header can have, such as a line break`)
  }
}
