/** The value of a Content-Type. */
interface MediaType {
  /** As it was sent. */
  text: string
  /** `type/subtype`, in lower case. */
  essence: string
  parameters: ReadonlyMap<string, string>
}

export function parseMediaType(text: string): MediaType {
  const [essence = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  return {
    text,
    essence,
    parameters: new Map(parameters.map((parameter) => parameter.split('=', 2) as [string, string])),
  }
}

export const mediaTypeOf = (headers: Headers) => parseMediaType(headers.get('content-type') ?? 'missing')

/** Whether what was sent is what was described: it may have more parameters, such as a charset. */
export const sameMediaType = (described: MediaType, sent: MediaType) =>
  described.essence === sent.essence &&
  [...described.parameters].every(([name, value]) => sent.parameters.get(name) === value)
