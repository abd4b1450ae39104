/** Why a server ended while it was starting. */
interface Failure {
  error: Error
  /** Whether the reason goes away by itself, so that another try is worth while. */
  passing: boolean
}

/**
 * Finds the reason in what the server wrote to its log (`said`).
 *
 * @param fixedPort the port the caller insists on, if any.
 */
export function explainFailure(
  said: string,
  logFile: string,
  host: string,
  fixedPort: number | undefined,
): Failure {
  if (/could not create any TCP\/IP sockets/.test(said)) {
    const advice = `Port ${fixedPort} of ${host} is taken by another program: stop it, or choose another port.`
    return { error: Object.assign(failure(advice, said), { code: 'EADDRINUSE' }), passing: !fixedPort }
  }
  // Another process has just started a server here, or children of one that was killed are about to end.
  if (/lock file "postmaster\.pid"|pre-existing shared memory block/.test(said)) {
    const advice =
      'Another PostgreSQL still uses this folder: end it, or wait until it has ended, and try again.'
    return { error: failure(advice, said), passing: true }
  }
  return { error: failure(`What it wrote to its log (${logFile}) shows the cause.`, said), passing: false }
}

function failure(advice: string, said: string): Error {
  const lastLines = said.trim().split('\n').slice(-10)
  return new Error(['PostgreSQL did not start.', advice, ...lastLines.map((line) => `  ${line}`)].join('\n'))
}
