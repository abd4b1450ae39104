import { types, type CustomTypesConfig } from 'pg'

// The object ids of pg_type. That pg knows no arrays is a gap of its types only.
const INT8: number = types.builtins.INT8
const INT8_ARRAY = 1016
const TEXT_ARRAY = 1009
const parserOf = types.getTypeParser as (oid: number, format?: string) => unknown
const parseTextArray = parserOf(TEXT_ARRAY) as (text: string) => Nested<string>

type Nested<T> = (T | null | Nested<T>)[]

/** pg's types, but `int8`, alone and in arrays, as a number: a RangeError beyond 2^53, never a rounded value. */
export const INT8_AS_NUMBER: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text') => {
    if (format === 'text' && oid === INT8) return parseInt8
    if (format === 'text' && oid === INT8_ARRAY) return (text: string) => parseInt8s(parseTextArray(text))
    return parserOf(oid, format)
  }) as typeof types.getTypeParser,
}

function parseInt8(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is beyond the integers a number can hold`)
  return value
}

function parseInt8s(items: Nested<string>): Nested<number> {
  return items.map((item) => (typeof item === 'string' ? parseInt8(item) : item && parseInt8s(item)))
}
