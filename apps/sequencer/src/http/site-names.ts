import { z } from 'zod'

const name = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, underscores or dashes')

export const siteId = name.meta({ example: 'site-1' })
export const partitionId = name.meta({ example: 'partition-a' })

interface Place {
  site_id?: string | undefined
  partition_id?: string | undefined
}

/** Refuses half of a place: `schema.refine(isWholePlace, wholePlace)`. */
export const isWholePlace = ({ site_id, partition_id }: Place) =>
  (site_id === undefined) === (partition_id === undefined)
export const wholePlace = { path: ['partition_id'], message: 'site_id and partition_id go together' }
