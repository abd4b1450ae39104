import { AppError } from '@ordinal/errors'

/**
 * Refuses a header that is there more than once: Node would take the first and drop the others, and a proxy before us may have taken
 * another one.
 *
 * @param rawHeaders names and values in turn, as Node has them
 * @throws AppError `malformed_request`
 */
export function requireOne(name: string, rawHeaders: readonly string[]): void {
  const lowercase = name.toLowerCase()
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const given = rawHeaders[index]!
    if (given.length === name.length && given.toLowerCase() === lowercase) count += 1
  }
  if (count > 1) throw new AppError('malformed_request', `There is more than one header ${name}`)
}
