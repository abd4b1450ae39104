import { z } from 'zod'

/** The name of a sequence, as it is in paths. */
export const prefix = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,32}$/, 'must be 1 to 32 letters, digits, dots, underscores or dashes')
  .meta({ example: 'SG' })

export const prefixParams = z.strictObject({ prefix })
