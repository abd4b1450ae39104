import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { deadlineIn, noDeadline, withDeadline } from '../src'

const codeOf = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return (error as { code: string }).code
  }
}
const aborted = (signal: AbortSignal) =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason)
    else signal.addEventListener('abort', () => resolve(signal.reason))
  })

test('what is left of a deadline gets less, and below 0 it has passed', async () => {
  const [distant, near] = [deadlineIn(60_000), deadlineIn(100)]
  const before = distant.remainingMs()
  expect(before).toBeLessThanOrEqual(60_000)
  await delay(150)
  expect(distant.remainingMs()).toBeLessThan(before)
  expect(codeOf(() => distant.throwIfExpired())).toBeUndefined()
  expect(near.remainingMs()).toBeLessThan(0)
  expect(codeOf(() => near.throwIfExpired())).toBe('deadline_exceeded')
})

test('without a deadline any time is left', () => {
  expect(noDeadline.remainingMs()).toBe(Infinity)
  expect(codeOf(() => noDeadline.throwIfExpired())).toBeUndefined()
  expect(noDeadline.signal().aborted).toBe(false)
})

test('the signal aborts when the time is over', async () => {
  expect(await aborted(deadlineIn(10).signal())).toMatchObject({ code: 'deadline_exceeded' })
  expect(await aborted(deadlineIn(-10).signal())).toMatchObject({ code: 'deadline_exceeded' })
})

test('the signal aborts when the caller disconnects, and nothing is begun after that', async () => {
  const caller = new AbortController()
  const deadline = deadlineIn(60_000, () => caller.signal)
  const signal = deadline.signal()
  expect(codeOf(() => deadline.throwIfExpired())).toBeUndefined()
  caller.abort()
  expect(await aborted(signal)).toMatchObject({ code: 'caller_gone' })
  expect(codeOf(() => deadline.throwIfExpired())).toBe('caller_gone')
  expect(deadlineIn(60_000, () => caller.signal).signal().reason).toMatchObject({ code: 'caller_gone' })
})

test('nobody watches the caller until the signal is asked for, and then once', () => {
  const watch = jest.fn(() => new AbortController().signal)
  const deadline = deadlineIn(60_000, watch)
  deadline.remainingMs()
  expect(watch).not.toHaveBeenCalled()
  const part = deadline.within(50_000)
  for (const each of [deadline, part]) {
    expect(each.signal()).toBe(each.signal())
    each.throwIfExpired()
    each.dispose()
  }
  expect(watch).toHaveBeenCalledTimes(1)
})

describe('the deadline of a part of the work', () => {
  const tooSlow = () => new Error('the part took too long')

  test('passes after its own time, with its own error', async () => {
    const part = deadlineIn(60_000).within(10, tooSlow)
    expect(part.remainingMs()).toBeLessThanOrEqual(10)
    expect(await aborted(part.signal())).toEqual(tooSlow())
  })

  test('passes with the deadline of the whole, if that is sooner', async () => {
    const part = deadlineIn(10).within(60_000, tooSlow)
    expect(await aborted(part.signal())).toMatchObject({ code: 'deadline_exceeded' })
  })

  test('has the same caller', async () => {
    const caller = new AbortController()
    const signal = deadlineIn(60_000, () => caller.signal)
      .within(50_000, tooSlow)
      .within(40_000)
      .signal()
    caller.abort()
    expect(await aborted(signal)).toMatchObject({ code: 'caller_gone' })
  })
})

test('a deadline fires though the garbage collector runs', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  let fired = 0
  for (let i = 0; i < 50; i++) {
    const deadline = deadlineIn(200, () => new AbortController().signal).within(300)
    deadline.signal().addEventListener('abort', () => (fired += 1))
  }
  for (let i = 0; i < 10; i++) {
    collectGarbage()
    await delay(40)
  }
  expect(fired).toBe(50)
})

test('a deadline that is disposed leaves no listener and never fires', async () => {
  const caller = new AbortController()
  const remove = jest.spyOn(caller.signal, 'removeEventListener')
  const deadline = deadlineIn(10, () => caller.signal)
  const signal = deadline.signal()
  deadline.dispose()
  caller.abort()
  await delay(30)
  expect(signal.aborted).toBe(false)
  expect(remove).toHaveBeenCalledTimes(1)
})

test('a deadline that is aborted ends what waits for it', async () => {
  const deadline = deadlineIn(60_000)
  const signal = deadline.signal()
  deadline.abort(new Error('closed'))
  expect(await aborted(signal)).toEqual(new Error('closed'))
})

test('work with a deadline ends as it would alone, or when the deadline passes', async () => {
  const never = new Promise<never>(() => undefined)
  await expect(withDeadline(Promise.resolve(1), deadlineIn(60_000))).resolves.toBe(1)
  await expect(withDeadline(Promise.resolve(1), noDeadline)).resolves.toBe(1)
  await expect(withDeadline(never, deadlineIn(5))).rejects.toMatchObject({ code: 'deadline_exceeded' })
})
