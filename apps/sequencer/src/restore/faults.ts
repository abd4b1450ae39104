import type { KeyObject } from 'node:crypto'
import type { Fault } from '@ordinal/config'

interface CheckpointSettings {
  keptCheckpoint: string | undefined
  signingKey: KeyObject | undefined
}

/** The fault of a kept checkpoint without the key that it is compared by. */
export function faultsOfCheckpoint({ keptCheckpoint, signingKey }: CheckpointSettings): Fault[] {
  if (keptCheckpoint === undefined || signingKey !== undefined) return []
  const variable = 'SEQUENCER_KEPT_CHECKPOINT'
  return [
    {
      variable,
      message: `${variable} needs SEQUENCER_SIGNING_KEY: a checkpoint is compared by the key that signed it`,
    },
  ]
}
