import { CallTimeoutError, createOrdinal } from '../src'

test('a call whose time is over says what was asked, and where', async () => {
  const frozen = (_: unknown, { signal }: RequestInit = {}) =>
    new Promise<Response>((_, reject) =>
      signal?.addEventListener('abort', () => reject(signal.reason as Error)),
    )
  const ordinal = createOrdinal({ orders: 'http://o', fetch: frozen, timeoutMs: 20 })
  const error = await ordinal.orders.get(7).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(CallTimeoutError)
  expect((error as Error).message).toBe(
    'GET http://o/api/v1/orders/7: the time for the call is over after 1 attempt',
  )
})
