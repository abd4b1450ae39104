import { comesToHold, until } from '../src/until'

test('a wait ends with what was found, as soon as it is there', async () => {
  let looks = 0
  expect(await until(() => ++looks === 3 && 'found')).toBe('found')
  expect(looks).toBe(3)
})

test('a wait whose time is over is an error that says what was waited for, what it was at last, and where', async () => {
  const count = 2
  const failure = await waitInVain(() => count > 2).catch((error: Error) => error)
  expect((failure as Error).message).toMatch(/^Not within 50 ms: \(\) ?=> ?count > 2; at last it was false$/)
  expect((failure as Error).stack!.split('\n')[1]).toContain('waitInVain')
})

test('what a look throws ends the wait at once', async () => {
  let looks = 0
  const fail = () => {
    looks += 1
    throw new TypeError('no such thing')
  }
  await expect(until(fail)).rejects.toThrow(TypeError)
  expect(looks).toBe(1)
})

test('a wait that may end without it says which it was', async () => {
  expect(await comesToHold(() => true, 50)).toBe(true)
  const startedAt = performance.now()
  expect(await comesToHold(() => false, 50)).toBe(false)
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(50)
})

async function waitInVain(look: () => boolean): Promise<void> {
  await until(look, 50)
}
