/** How thoroughly to measure. */
export interface Thoroughness {
  /** Of a turn. */
  seconds: number
  rounds: number
  /** Events that wait when the clock starts. */
  events: number
  /** Orders that are listed. */
  listed: number
}
