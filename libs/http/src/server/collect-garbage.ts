import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Fewer connections leave too little garbage behind. */
const crowd = 256

/**
 * Collects the garbage of a crowd of connections once most of them have closed. V8 collects only when it needs room, which
 * an idle process never does: it would keep the memory.
 *
 * @returns to be called now and then with the number of open connections
 */
export function collectAfterCrowds(collect: () => void = exposedGc()): (open: number) => void {
  let most = 0
  let left = 0
  return (open) => {
    most = Math.max(most, open)
    if (most - open >= Math.max(crowd, most / 2)) {
      most = open
      // A collection releases what the one before found unused, such as buffers outside the heap.
      left = 4
    }
    if (left === 0) return
    left -= 1
    collect()
  }
}

// The only way without a command line argument of Node (https://github.com/legraphista/expose-gc).
function exposedGc(): () => void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as (options: object) => Promise<void>
  return () => void gc({ type: 'major', execution: 'async' })
}
