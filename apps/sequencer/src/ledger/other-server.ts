/**
 * A statement that writes was not carried out, since it met another server than that of which it is known that it may
 * issue: one that has started anew, or has taken over. Nothing was written. To pools it is a connection that leads to the
 * wrong place.
 */
export class OtherServerError extends Error {
  override readonly name = 'OtherServerError'
  readonly code = '08000'
  readonly severity = 'ERROR'

  constructor(options?: ErrorOptions) {
    super('The server has started anew, or is another one: the gate has to look at its ledger first', options)
  }
}

/**
 * SQL for what identifies a server while it takes writes: to the microsecond when it started, in seconds since 1970. A
 * restart, a restore and a failover all change it.
 */
export const serverStart = 'extract(epoch FROM pg_postmaster_start_time())'

/**
 * SQL for the condition that a statement meets the server that may issue; true if the parameter is null. PostgreSQL
 * evaluates it once, before the function in FROM, which it calls only if it is true: for that there must be nothing
 * volatile in it. A standby may go on to the function, whose refusal to write ends the connection to it.
 */
export const onServer = (parameter: string) =>
  `(${parameter}::numeric IS NULL OR ${serverStart} = ${parameter}::numeric OR current_setting('transaction_read_only') = 'on')`

/**
 * Runs a statement on the server that may issue, and on no other. It gets what identifies that (undefined: any will do), and
 * may be called a second time after an OtherServerError.
 */
export type WriteOnServer = <T>(statement: (server: string | undefined) => Promise<T>) => Promise<T>

/**
 * The rows of a statement that has `onServer` as its condition.
 *
 * @throws OtherServerError if there are none
 */
export function requireWritten<R>(rows: readonly R[]): [R, ...R[]] {
  if (rows.length === 0) throw new OtherServerError()
  return rows as [R, ...R[]]
}

export const onAnyServer: WriteOnServer = (statement) => statement(undefined)
