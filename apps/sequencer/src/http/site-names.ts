import { z } from 'zod'

const name = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, underscores or dashes')

export const siteId = name.meta({ example: 'site-1' })
export const partitionId = name.meta({ example: 'partition-a' })
