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
    if (format === 'text' && oid === INT8) return toNumber
    if (format === 'text' && oid === INT8_ARRAY) return (text: string) => parseInt8s(parseTextArray(text))
    return parserOf(oid, format)
  }) as typeof types.getTypeParser,
}

/** A row with each `int8` as a number. */
export type Int8sAsNumbers<Row> = { [Column in keyof Row]: Int8AsNumber<Row[Column]> }
// A type of its own, so that it distributes over `bigint | null`.
type Int8AsNumber<Value> = Value extends bigint ? number : Value

/** A row that Prisma read, whose `int8`s are of the type bigint, with numbers as pg has them. @throws RangeError beyond 2^53 */
export const int8sAsNumbers = <Row extends object>(row: Row): Int8sAsNumbers<Row> =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]: [string, unknown]) => [
      column,
      typeof value === 'bigint' ? toNumber(value) : value,
    ]),
  ) as Int8sAsNumbers<Row>

function toNumber(int8: string | bigint): number {
  const value = Number(int8)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${int8} is beyond the integers a number can hold`)
  return value
}

function parseInt8s(items: Nested<string>): Nested<number> {
  return items.map((item) => (typeof item === 'string' ? toNumber(item) : item && parseInt8s(item)))
}
