import { withTimeout } from '../src'

const never = new Promise<never>(() => undefined)

test('work in time ends as it would alone', async () => {
  await expect(withTimeout(Promise.resolve(1), 60_000)).resolves.toBe(1)
  await expect(withTimeout(Promise.reject(new Error('lost')), 60_000)).rejects.toThrow('lost')
})

test('work that takes too long is rejected, with the error that the caller chose', async () => {
  await expect(withTimeout(never, 1)).rejects.toThrow('Not done after 1 ms')
  await expect(withTimeout(never, 1, () => new Error('late'))).rejects.toThrow('late')
})
