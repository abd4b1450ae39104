import { inspect } from 'node:util'
import type { Variables } from './define'

/** Freezes the values and makes console.log, util.inspect and JSON.stringify show `[secret]` for secrets. */
export function redactWhenPrinted(values: Record<string, unknown>, variables: Variables): object {
  const redacted = () =>
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        key,
        variables[key]?.secret && value ? '[secret]' : value,
      ]),
    )
  // Not enumerable: a copy made by spreading is a plain object, for tests to change a value in.
  Object.defineProperty(values, 'toJSON', { value: redacted })
  Object.defineProperty(values, inspect.custom, { value: redacted })
  return Object.freeze(values)
}
