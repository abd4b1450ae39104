import type { KeyObject } from 'node:crypto'
import type { Fault } from '@ordinal/config'

interface CheckpointSettings {
  checkpointFile: string | undefined
  signingKey: KeyObject | undefined
}

/** The fault of a kept checkpoint without the key that it is compared by. */
export function faultsOfCheckpoint({ checkpointFile, signingKey }: CheckpointSettings): Fault[] {
  if (checkpointFile === undefined || signingKey !== undefined) return []
  const variable = 'SEQUENCER_CHECKPOINT_FILE'
  return [
    {
      variable,
      message: `${variable} needs SEQUENCER_SIGNING_KEY: a checkpoint is compared by the key that signed it`,
    },
  ]
}
