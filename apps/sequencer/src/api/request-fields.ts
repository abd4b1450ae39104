import { requestFields, typeOf, type RequestColumns, type RequestField } from '@ordinal/audit'
import { nameText } from '@ordinal/http'
import { z } from 'zod'
import { partitionId, siteId } from './schemas'

/** The date of a document. */
export const businessDate = z.iso.date().meta({
  description: "The document's date, for back-dating; today in the sequence's time zone if not given",
})

/**
 * What a caller may say of the document that a number is for, over REST and gRPC, and in a file that is imported.
 * `hold_seconds` is not among them: it decides what is asked for.
 */
export const asked = {
  client_id: nameText(1, 200).optional().meta({ description: 'The system that asks', example: 'erp-system' }),
  generated_by: nameText(1, 200)
    .optional()
    .meta({ description: 'The person or job that it asks for', example: 'user123' }),
  business_date: businessDate.optional(),
  site_id: siteId.optional().meta({ description: 'The site that draws the number, with its partition' }),
  partition_id: partitionId.optional(),
  // Only types that keep their number; /api/v1/sequence/next has the others.
  invoice_type: z.enum(['on-cycle', 'off-cycle']).optional(),
} satisfies Partial<Record<RequestField, z.ZodType>>

type ColumnOf<Value> = z.ZodNullable<Value extends number ? z.ZodInt : z.ZodString>

/** The fields of the request as a row of the ledger has them, in an answer. */
export const numberRequest = z
  .object(
    Object.fromEntries(
      requestFields.map((field) => [field, (typeOf(field) === 'integer' ? z.int() : z.string()).nullable()]),
    ) as { [Field in RequestField]: ColumnOf<NonNullable<RequestColumns[Field]>> },
  )
  .meta({ id: 'NumberRequest' })
