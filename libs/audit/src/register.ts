import type { RegisterRecord } from './records'
import { notAfter, settledBefore } from './time'

/** The rules of a sequence, as far as its batches have to fit them. */
export interface RegisteredRules {
  template: string
  reset: string
  time_zone: string
  fiscal_year_start: number
  gap_policy: string
  start: number
  active: boolean
  sealed_to: string | null
  allow_overlap: boolean
  business_date_past_days: number | null
  business_date_future_days: number | null
  /** In entries of earlier releases there is none. */
  end_value?: number | null
  chronological?: boolean
  /** When they were made. No batch that follows them is dated before `settledBefore`, none by earlier rules after `notAfter`. */
  from: string
  settledBefore: string
  notAfter: string
}

/** What a row of the register is about. */
export interface Named {
  kind: RegisterRecord['kind'] | 'register'
  name: string
  version: number
}

export type Register = ReturnType<typeof createRegister>

/**
 * Reads the register.
 *
 * @param latest its latest entry of each row, by `keyOf`
 */
export function createRegister(latest: ReadonlyMap<string, RegisterRecord>) {
  const rules = new Map<string, RegisteredRules | undefined>()
  const register = {
    /** Whether any rules of a sequence allowed that its numbers are another's, too. */
    mayShare(prefix: string): boolean {
      for (let version = 1, of; (of = register.rulesOf(prefix, version)); version += 1)
        if (of.allow_overlap) return true
      return false
    },

    /** The rules of a sequence at a version; undefined if the register does not have them. */
    rulesOf(prefix: string, version: number): RegisteredRules | undefined {
      const key = `${prefix} ${version}`
      if (!rules.has(key))
        rules.set(key, readRules(latest.get(keyOf({ kind: 'rules', name: prefix, version }))))
      return rules.get(key)
    },

    /** When a period was closed, and what is dated later was not written before; undefined if it is open. */
    closed(prefix: string, period: string) {
      const entry = latest.get(keyOf({ kind: 'closed_period', name: `${prefix} ${period}`, version: 0 }))
      if (!entry) return undefined
      const at = String(contentOf(entry).closed_at)
      return { at, notAfter: notAfter(at) }
    },
  }
  return register
}

function readRules(entry: RegisterRecord | undefined): RegisteredRules | undefined {
  if (!entry) return undefined
  const content = contentOf(entry) as unknown as RegisteredRules & { created_at: string }
  const from = String(content.created_at)
  return {
    ...content,
    template: String(content.template),
    time_zone: String(content.time_zone),
    from,
    settledBefore: settledBefore(from),
    notAfter: notAfter(from),
  }
}

export const keyOf = ({ kind, name, version }: Named) => JSON.stringify([kind, name, version])

export const nameOf = ({ kind, name, version }: Named) =>
  kind === 'register' ? kind : `${kind.replace('_', ' ')} ${name}${version > 0 ? ` version ${version}` : ''}`

export function contentOf({ content }: { content: string }): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(content)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // As below.
  }
  return {} // its hash shows that it was altered
}
