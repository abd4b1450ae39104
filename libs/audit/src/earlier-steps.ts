import { formatNumber, type Frame } from './number'
import { frameOfBatch } from './chain'
import type { BatchRecord, EntryRecord } from './records'
import { numberStates } from './states'
import type { Step } from './wrong-rows'

const perChunk = 4096

interface Chunk {
  /** 1 more than the place of the state in `numberStates`; 0 for a value that has not been seen. */
  states: Uint8Array
  revisions: Uint32Array
  frames: Uint32Array
}

/**
 * The latest step of each value of a counter, for a verifier without a ledger to query: nine bytes a value.
 *
 * @param whole whether the chain is read from its first batch on: then a value that was not seen had no step
 */
export function rememberSteps(whole: boolean) {
  const chunks = new Map<number, Chunk>()
  const frames: Frame[] = []
  const places = new Map<string, number>()

  function placeOfFrame(frame: Frame): number {
    const key = JSON.stringify([frame.head, frame.width, frame.tail])
    const place = places.get(key) ?? frames.push(frame) - 1
    places.set(key, place)
    return place
  }

  function chunkOf(value: number): Chunk {
    const key = Math.floor(value / perChunk)
    const chunk = chunks.get(key) ?? {
      states: new Uint8Array(perChunk),
      revisions: new Uint32Array(perChunk),
      frames: new Uint32Array(perChunk),
    }
    chunks.set(key, chunk)
    return chunk
  }

  return {
    /** Gives each row of a batch the step before it. */
    stepsOf(batch: BatchRecord, entries: readonly EntryRecord[]): Step[] {
      const frame = frameOfBatch(batch)
      const place = frame && placeOfFrame(frame)
      return entries.map((entry) => {
        const chunk = chunkOf(entry.value)
        const at = entry.value % perChunk
        const state = numberStates[chunk.states[at]! - 1]
        const before =
          state && chunk.revisions[at] === entry.revision - 1
            ? { state, number: formatNumber(frames[chunk.frames[at]!]!, entry.value) }
            : undefined
        if (place !== null) chunk.frames[at] = place
        // Without its number, nothing of a value is known.
        if (place !== null || before) {
          chunk.states[at] = numberStates.indexOf(entry.state) + 1
          chunk.revisions[at] = entry.revision
        }
        return { ...entry, before: before ?? (whole || entry.revision === 1 ? null : undefined) }
      })
    },
  }
}
