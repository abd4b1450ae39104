import { text, timestamp, type Call } from '@ordinal/http'
import { z } from 'zod'
import type { Author } from '../domain/versions'

/** Why something is changed. */
export const reason = text(1, 500).meta({ description: 'Why; it stays on record', example: 'ticket 4711' })

/** What every version of something has in an answer. */
export const versioned = {
  version: z.int().meta({ description: 'Counts the changes; the ETag' }),
  active: z.boolean().meta({ description: 'false once it was deleted' }),
  created_at: timestamp(),
  created_by: z.string().meta({ description: 'Who made this version' }),
  reason: z.string().nullable(),
}

/** The one in force, and all before it. */
export const withVersions = <Schema extends z.ZodObject>(schema: Schema) =>
  schema.and(z.object({ versions: z.array(schema).meta({ description: 'All versions, the latest first' }) }))

interface Version {
  version: number
  active: boolean
  createdAt: Date
  createdBy: string
  reason: string | null
}

export const versionToJson = ({ version, active, createdAt, createdBy, reason }: Version) => ({
  version,
  active,
  created_at: createdAt.toISOString(),
  created_by: createdBy,
  reason,
})

export const authorOf = (
  { caller, requestId }: Call<never, never, never>['context'],
  reason: string | undefined,
): Author => ({ by: caller, reason, requestId })

/** What of some fields was given at all. */
export const given = <Fields extends object>(fields: { [Name in keyof Fields]?: Fields[Name] | undefined }) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>
