import { z } from 'zod'

const value = z.int().min(0).max(Number.MAX_SAFE_INTEGER)

/** What `ordinal restore-check` writes: what is known outside of a restored ledger. */
export const restorePlan = z.strictObject({
  type: z.literal('ordinal-restore-plan-v1'),
  /** Goes into the ledger, with each value that is skipped. */
  reason: z.string().min(1).max(500),
  /** How many values above all that is known each counter skips: those that nobody outside knows of. */
  margin: value.max(100_000),
  /** The highest value of each counter that is known. */
  counters: z.array(z.strictObject({ prefix: z.string().min(1), period: z.string(), value })),
  /** Numbers that are known, of whatever sequence. */
  numbers: z.array(z.string().min(1)),
})

export type RestorePlan = z.infer<typeof restorePlan>

/** @throws Error that names what is wrong */
export function readPlan(text: string): RestorePlan {
  const parsed = parse(text)
  if (parsed === undefined) throw new Error('the plan is empty or no JSON: give the file that --plan wrote')
  const read = restorePlan.safeParse(parsed)
  if (read.success) return read.data
  const [{ path, message }] = read.error.issues as [z.core.$ZodIssue]
  throw new Error(`this is no plan of ordinal restore-check: ${[path.join('.'), message].join(' ').trim()}`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
