import type { ServerResponse } from 'node:http'

/** An answer that keeps the headers that any answer has, and writes them with its own: the server makes such ones. */
export interface CommonHeaders {
  /** Names and values in turn. An answer that sets one of these headers itself has its own value. */
  commonHeaders: string[]
}

/** Gives an answer headers that it will have whatever it is: names and values in turn. */
export function addCommonHeaders(
  res: ServerResponse & Partial<CommonHeaders>,
  headers: readonly string[],
): void {
  if (res.commonHeaders) return void res.commonHeaders.push(...headers)
  for (let index = 0; index < headers.length; index += 2) res.setHeader(headers[index]!, headers[index + 1]!)
}
