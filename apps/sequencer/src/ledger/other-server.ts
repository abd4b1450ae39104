/**
 * A statement that writes was not carried out, since it met another server than that whose ledger was compared: one that
 * has started anew, or has taken over. Nothing was written. To pools it is a connection that leads to the wrong place.
 */
export class OtherServerError extends Error {
  override readonly name = 'OtherServerError'
  readonly code = '08000'
  readonly severity = 'ERROR'

  constructor() {
    super('The server has started anew, or is another one: its ledger is compared first')
  }
}

/**
 * SQL for what identifies a server while it takes writes: to the microsecond when it started, in seconds since 1970. A
 * restart, a restore and a failover all change it.
 */
export const serverStart = 'extract(epoch FROM pg_postmaster_start_time())'

/**
 * SQL for the condition that a statement meets the server that was compared; true if the parameter is null. PostgreSQL
 * evaluates it once, before the function in FROM, which it calls only if it is true: for that there must be nothing
 * volatile in it. A standby may go on to the function, whose refusal to write ends the connection to it.
 */
export const onServer = (parameter: string) =>
  `(${parameter}::numeric IS NULL OR ${serverStart} = ${parameter}::numeric OR current_setting('transaction_read_only') = 'on')`

/** Runs a statement on the server that was compared, and on no other. It gets what identifies that; undefined: any will do. */
export type WriteOnServer = <T>(statement: (server: string | undefined) => Promise<T>) => Promise<T>

export const onAnyServer: WriteOnServer = (statement) => statement(undefined)
