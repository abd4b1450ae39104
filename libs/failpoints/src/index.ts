/**
 * Kills this process, as SIGKILL would, if FAILPOINT in its environment names this moment.
 *
 * To be called under the label FAILPOINT, which the bundle for production is made without (docs/decisions/0027):
 *
 *     FAILPOINT: crashAt('the order is committed')
 */
export function crashAt(moment: string): void {
  if (process.env.FAILPOINT === moment) process.kill(process.pid, 'SIGKILL')
}
