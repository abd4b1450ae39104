import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { createBatcher } from '../src'

/** Runs that end when the test says so. */
function createRuns() {
  const runs: { items: readonly number[]; end: () => void; fail: (error: Error) => void }[] = []
  const carryOut = (items: readonly number[]) =>
    new Promise<number[]>((resolve, reject) => {
      runs.push({ items, end: () => resolve(items.map((item) => item * 10)), fail: reject })
    })
  return { runs, carryOut, items: () => runs.map((run) => run.items) }
}

describe('a batcher', () => {
  it('carries out together what arrives together', async () => {
    const { runs, carryOut, items } = createRuns()
    const add = createBatcher({ carryOut, maxItems: 10 })
    const all = Promise.all([add(1), add(2)])
    await turn()
    expect(items()).toEqual([[1, 2]])
    runs[0]!.end()
    expect(await all).toEqual([10, 20])
  })

  it('carries out together what arrives while a run is under way, and never two runs at a time', async () => {
    const { runs, carryOut, items } = createRuns()
    const add = createBatcher({ carryOut, maxItems: 2 })
    const all = [add(1)]
    await turn()
    for (const item of [2, 3, 4]) {
      all.push(add(item))
      await turn()
    }
    expect(items()).toEqual([[1]])
    runs[0]!.end()
    await turn()
    expect(items()).toEqual([[1], [2, 3]])
    runs[1]!.end()
    await turn()
    runs[2]!.end()
    expect(await Promise.all(all)).toEqual([10, 20, 30, 40])
    expect(items()).toEqual([[1], [2, 3], [4]])
  })

  it('has as many runs at a time as it may', async () => {
    const { runs, carryOut, items } = createRuns()
    const add = createBatcher({ carryOut, maxItems: 10, atOnce: 2 })
    const all: Promise<number>[] = []
    for (const item of [1, 2, 3, 4]) {
      all.push(add(item))
      await turn()
    }
    expect(items()).toEqual([[1], [2]])
    runs[1]!.end()
    await turn()
    expect(items()).toEqual([[1], [2], [3, 4]])
    runs.forEach(({ end }) => end())
    expect(await Promise.all(all)).toEqual([10, 20, 30, 40])
  })

  it('goes on beside runs that are stuck, so many and no more, and one at a time again when they have ended', async () => {
    const { runs, carryOut, items } = createRuns()
    const add = createBatcher({ carryOut, maxItems: 10, stuck: { afterMs: 1, most: 2 } })
    const all: Promise<number>[] = []
    for (const item of [1, 2, 3]) {
      all.push(add(item))
      while (runs.length < item) await turn()
    }
    all.push(add(4), add(5))
    await turn()
    expect(items()).toEqual([[1], [2], [3]])

    runs[0]!.end()
    expect(await all[0]).toBe(10)
    runs[2]!.end()
    while (runs.length < 4) await turn()
    expect(items()).toEqual([[1], [2], [3], [4, 5]])
    runs.forEach(({ end }) => end())
    expect(await Promise.all(all)).toEqual([10, 20, 30, 40, 50])
    all.push(add(6))
    await turn()
    runs.at(-1)!.end()
    expect(await all.at(-1)).toBe(60)
  })

  it('refuses an item alone', async () => {
    const add = createBatcher({
      carryOut: (items: readonly number[]) =>
        Promise.resolve(items.map((item) => (item === 2 ? new Error('not two') : item))),
      maxItems: 10,
    })
    const outcomes = await Promise.allSettled([add(1), add(2), add(3)])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    await expect(add(2)).rejects.toThrow('not two')
  })

  it('goes on after a run that failed', async () => {
    const { runs, carryOut } = createRuns()
    const add = createBatcher({ carryOut, maxItems: 10 })
    const lost = Promise.allSettled([add(1), add(2)])
    await turn()
    const kept = add(3)
    runs[0]!.fail(new Error('away'))
    const reason = new Error('away')
    expect(await lost).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ])
    await turn()
    runs[1]!.end()
    expect(await kept).toBe(30)
  })

  it('fails for results that are not those of the items', async () => {
    const add = createBatcher({ carryOut: () => Promise.resolve([1, 2, 3]), maxItems: 10 })
    await expect(Promise.all([add(1), add(2)])).rejects.toThrow('There are 3 results for 2 items')
  })

  it('lets no bad item harm another', async () => {
    const inOneTurn = fc.array(fc.record({ item: fc.nat(50), isBad: fc.boolean() }), { maxLength: 20 })
    const limits = fc.record({
      maxItems: fc.integer({ min: 1, max: 7 }),
      atOnce: fc.integer({ min: 1, max: 3 }),
      // None, or each as soon as a timer can tell.
      most: fc.integer({ min: 0, max: 2 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(inOneTurn, { maxLength: 6 }),
        limits,
        async (turns, { maxItems, atOnce, most }) => {
          let underWay = 0
          const add = createBatcher({
            maxItems,
            atOnce,
            stuck: { afterMs: 1, most },
            mayBeOfOne: (error) => (error as Error).message === 'bad',
            async carryOut(asked: readonly { item: number; isBad: boolean }[]) {
              expect(asked.length).toBeLessThanOrEqual(maxItems)
              expect((underWay += 1)).toBeLessThanOrEqual(atOnce + most)
              await turn()
              underWay -= 1
              if (asked.some(({ isBad }) => isBad)) throw new Error('bad')
              return asked.map(({ item }) => item * 10)
            },
          })
          const outcomes: Promise<PromiseSettledResult<number>[]>[] = []
          for (const asked of turns) {
            outcomes.push(Promise.allSettled(asked.map(add)))
            await turn()
          }
          const settled = (await Promise.all(outcomes)).flat()
          turns.flat().forEach(({ item, isBad }, nth) => {
            const { status } = settled[nth]!
            expect(status).toBe(isBad ? 'rejected' : 'fulfilled')
            if (!isBad) expect(settled[nth]).toMatchObject({ value: item * 10 })
          })
        },
      ),
    )
  })
})
