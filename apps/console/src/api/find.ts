import { ordinal, services } from './ordinal'
import { currentSession, isOffered } from './session'

/** Something that a text may mean, as a service knows it. */
export interface Found {
  kind: 'user' | 'order' | 'apiKey'
  name: string
  to: string
}

const mostOfAKind = 5
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Asks the services for what a text may mean: users, orders by number or reference, API keys. One that fails has nothing. */
export async function find(text: string, signal: AbortSignal): Promise<Found[]> {
  const answers = await Promise.allSettled([
    ...(services().users ? [users(text, signal)] : []),
    ...(services().orders ? [orders(text, signal)] : []),
    ...(isOffered('admin', currentSession()) ? [apiKeys(text, signal)] : []),
  ])
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
}

async function users(search: string, signal: AbortSignal): Promise<Found[]> {
  const { data } = await ordinal().users.page({ search, cursor: '0', page_size: mostOfAKind }, { signal })
  return data.map(({ id, name, email }) => ({ kind: 'user', name: `${name} · ${email}`, to: `/users/${id}` }))
}

async function orders(text: string, signal: AbortSignal): Promise<Found[]> {
  const isReference = uuid.test(text)
  // A number has a digit.
  if (!isReference && !/\d/.test(text)) return []
  const wanted = isReference ? { reference: text.toLowerCase() } : { order_number: text }
  const { data } = await ordinal().orders.page({ ...wanted, cursor: '0', page_size: mostOfAKind }, { signal })
  return data.map(({ id, order_number, reference }) => ({
    kind: 'order',
    name: order_number ?? reference,
    to: `/orders/${id}`,
  }))
}

async function apiKeys(text: string, signal: AbortSignal): Promise<Found[]> {
  const wanted = text.toLowerCase()
  const found: Found[] = []
  for await (const { id, name } of ordinal().apiKeys.list({ page_size: 100 }, { signal })) {
    if (id !== text && !name.toLowerCase().includes(wanted)) continue
    found.push({ kind: 'apiKey', name: `${name} · ${id}`, to: `/api-keys/${id}` })
    if (found.length === mostOfAKind) break
  }
  return found
}
