import type { Profile } from '../profiles'
import { linesOf } from './lines'

/** How far the restored ledger is. */
export interface RestoredLedger {
  /** The last value of each counter, by `counterKey`. */
  last: Map<string, number>
  /** The numbers of the sequence of orders, with the key that drew each first: the reference of the order. */
  orderNumbers: Map<string, string>
}

export const counterKey = (prefix: string, period: string): string => `${prefix}\n${period}`

// No entry is so late: what is left of an export are its counters.
const never = '9999-01-01T00:00:00Z'

interface Line {
  type?: string
  prefix?: string
  period?: string
  last_value?: number
  number?: string
  idempotency_key?: string
  revision?: number
}

/**
 * Reads the counters of a ledger, and the numbers of one sequence.
 *
 * @param ordersPrefix undefined: no numbers
 * @throws Error if the sequencer refuses
 */
export async function readRestoredLedger(
  profile: Profile,
  ordersPrefix: string | undefined,
): Promise<RestoredLedger> {
  const last = new Map<string, number>()
  const orderNumbers = new Map<string, string>()
  for await (const { type, prefix = '', period = '', last_value: value } of linesOfExport(profile, {
    from: never,
  }))
    if (type === 'counter' && value !== undefined) last.set(counterKey(prefix, period), value)
  const hasOrders = [...last.keys()].some((key) => key.startsWith(`${ordersPrefix}\n`))
  if (ordersPrefix !== undefined && hasOrders)
    for await (const line of linesOfExport(profile, { prefix: ordersPrefix }))
      if (line.type === 'entry' && !orderNumbers.has(line.number!))
        orderNumbers.set(line.number!, line.idempotency_key!)
  return { last, orderNumbers }
}

async function* linesOfExport(
  { sequencer, token, apiKey }: Profile,
  filter: Record<string, string>,
): AsyncGenerator<Line> {
  if (!sequencer) throw new Error('the profile has no address of the sequencer')
  const url = `${sequencer.replace(/\/$/, '')}/api/v1/audit/export?${new URLSearchParams({ format: 'ndjson', ...filter }).toString()}`
  const headers = {
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(apiKey && { 'X-API-Key': apiKey }),
  }
  const answer = await fetch(url, { headers, redirect: 'error' })
  if (!answer.ok || !answer.body)
    throw new Error(`the ledger cannot be read: ${answer.status} ${(await answer.text()).slice(0, 300)}`)
  let ended = false
  for await (const line of linesOf(answer.body)) {
    const parsed = JSON.parse(line) as Line
    ended = parsed.type === 'end'
    yield parsed
  }
  if (!ended) throw new Error('the export of the ledger broke off; try again')
}
