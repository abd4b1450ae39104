import { collectAfterCrowds } from '../src/server/collect-garbage'

const collectionsFor = (open: readonly number[]) => {
  let collections = 0
  const look = collectAfterCrowds(() => (collections += 1))
  return open.map((each) => {
    const before = collections
    look(each)
    return collections - before
  })
}

test('what a crowd leaves behind is collected once it has gone, a few times, and not again', () => {
  expect(collectionsFor([10, 2_000, 1_900, 900, 3, 3, 3, 3, 3])).toEqual([0, 0, 0, 1, 1, 1, 1, 1, 0])
  expect(collectionsFor([10_000, 4_000, 100, 0, 0, 0, 0, 0])).toEqual([0, 1, 1, 1, 1, 1, 0, 0])
})

test('nothing is collected for those who come and go all the time', () => {
  expect(collectionsFor([10, 240, 10, 250, 20, 200, 0]).every((each) => each === 0)).toBe(true)
  expect(collectionsFor([2_000, 1_500, 2_000, 1_100, 2_000]).every((each) => each === 0)).toBe(true)
})

test('memory is given back', async () => {
  const held = Array.from({ length: 50 }, () => Array.from({ length: 100_000 }, (_, index) => ({ index })))
  const used = process.memoryUsage().heapUsed
  held.length = 0
  const look = collectAfterCrowds()
  look(1_000)
  for (let seen = 0; seen < 4; seen += 1) {
    look(0)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(process.memoryUsage().heapUsed).toBeLessThan(used - 100_000_000)
})
