import type { ImportRow } from './plan'

/** A list in pieces. If an error ends it, the part of the last piece that came before the error is given first. */
export async function* inChunks<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let chunk: T[] = []
  try {
    for await (const item of items) {
      chunk.push(item)
      if (chunk.length < size) continue
      yield chunk
      chunk = []
    }
  } catch (error) {
    if (chunk.length > 0) yield chunk
    throw error
  }
  if (chunk.length > 0) yield chunk
}

/** Rows by their periods, each in the order of the file. */
export function byPeriod(rows: readonly ImportRow[]): Map<string, ImportRow[]> {
  const periods = new Map<string, ImportRow[]>()
  for (const row of rows) {
    const rowsOfPeriod = periods.get(row.period)
    if (rowsOfPeriod) rowsOfPeriod.push(row)
    else periods.set(row.period, [row])
  }
  return periods
}
