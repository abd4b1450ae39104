import { createGate, sharedFor } from '../src'

const bounds = { places: 4, shareOfClient: 0.5, waiting: 4, waitMs: 5_000, busyRate: 1_000 }
const refusal = { code: 'overloaded', status: 503, retryAfterSeconds: 1 }

test('one client has at most half of the places, and the others have theirs', async () => {
  const gate = createGate(bounds)
  await Promise.all([gate.enter('greedy'), gate.enter('greedy')])
  void gate.enter('greedy').catch(() => {})
  void gate.enter('greedy').catch(() => {})
  await expect(gate.enter('greedy')).rejects.toMatchObject(refusal)

  await Promise.all([gate.enter('modest'), gate.enter('another')])
  expect(gate.state()).toEqual({ under_way: 4, waiting: 2 })
})

test('who waits gets the next place, and a place is given back once', async () => {
  const gate = createGate({ ...bounds, places: 1, shareOfClient: 1 })
  const leave = await gate.enter('a')
  const next = gate.enter('b')
  const third = gate.enter('c')
  leave()
  leave()
  const leaveNext = await next
  expect(gate.state()).toEqual({ under_way: 1, waiting: 1 })
  leaveNext()
  ;(await third)()
  expect(gate.state()).toEqual({ under_way: 0, waiting: 0 })
})

test('past the waiting room, and past the time that one may wait, there is a refusal', async () => {
  const gate = createGate({ ...bounds, places: 1, shareOfClient: 1, waiting: 1, waitMs: 20 })
  await gate.enter('a')
  const waiting = gate.enter('b')
  await expect(gate.enter('c')).rejects.toMatchObject(refusal)
  await expect(waiting).rejects.toMatchObject(refusal)
  expect(gate.state()).toEqual({ under_way: 1, waiting: 0 })
})

test('while the process is busy, what is beyond the rate waits and still comes to its turn', async () => {
  const gate = createGate({ ...bounds, shareOfClient: 1, waiting: 100, places: 100 }, () => true)
  const entering = Array.from({ length: 100 }, (_, n) => gate.enter(String(n)))
  expect(gate.state().waiting).toBeGreaterThan(0)
  await Promise.all(entering)
  expect(gate.state()).toEqual({ under_way: 100, waiting: 0 })
})

test('a hundred that ask at once share one result, and none shares a failure with later ones', async () => {
  let made = 0
  const ask = sharedFor(60_000, () => {
    made += 1
    return made === 1 ? Promise.reject(new Error('not now')) : Promise.resolve(made)
  })
  await expect(ask()).rejects.toThrow('not now')
  const results = await Promise.all(Array.from({ length: 100 }, ask))
  expect(new Set(results)).toEqual(new Set([2]))
})
