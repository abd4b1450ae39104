import { asTheyCome } from '../src/follow'

const pageSize = 100

/** A list by cursor, as a service has it, which counts what is read of it. */
function createList(items: number[]) {
  const reads: number[] = []
  return {
    items,
    /** How many items each read gave. */
    reads,
    read(cursor = '-1') {
      const rest = items.toSorted((a, b) => a - b).filter((item) => item > Number(cursor))
      const data = rest.slice(0, pageSize)
      reads.push(data.length)
      const next_cursor = rest.length > pageSize ? String(data.at(-1)) : null
      return Promise.resolve({ data, pagination: { next_cursor } })
    },
  }
}

/**
 * Follows a list for so many looks.
 *
 * @param between what happens after each
 */
async function follow(
  list: ReturnType<typeof createList>,
  isInOrder: boolean,
  looks: number,
  between: (look: number) => void = () => {},
): Promise<number[]> {
  const given: number[] = []
  const enough = new Error('enough')
  let look = 0
  const pause = () => {
    between(look)
    look += 1
    return look < looks ? Promise.resolve() : Promise.reject(enough)
  }
  try {
    for await (const item of asTheyCome({ read: list.read, keyOf: String, isInOrder }, pause))
      given.push(item)
  } catch (error) {
    if (error !== enough) throw error
  }
  return given
}

const upTo = (n: number) => Array.from({ length: n }, (_, index) => index)
const sum = (numbers: number[]) => numbers.reduce((all, each) => all + each, 0)

test('a list of which nothing new comes is read to its end once, and then its last piece each second', async () => {
  const list = createList(upTo(2_050))
  expect(await follow(list, true, 11)).toEqual(upTo(2_050))
  expect(list.reads).toHaveLength(21 + 10)
  expect(list.reads.slice(21)).toEqual(Array(10).fill(50))
})

test('out of order: the last thousand are read again at every fifth look, and after 40 looks no more', async () => {
  const list = createList(upTo(2_050))
  let before = 0
  await follow(list, false, 101, (look) => {
    if (look === 45) before = list.reads.length
  })
  // 1,000 a second were read before.
  expect(sum(list.reads.slice(21, before)) / 45).toBeLessThan(250)
  expect(list.reads.slice(before)).toEqual(Array(55).fill(50))
})

test('an item that comes late in front of many others is given all the same, once, and within five looks', async () => {
  const late = [1_500, 1_777, 2_001]
  const list = createList(upTo(2_050).filter((item) => !late.includes(item)))
  const given = await follow(list, false, 60, (look) => {
    if (look === 17) list.items.push(...late)
  })
  expect(given).toHaveLength(2_050)
  expect(new Set(given)).toEqual(new Set(upTo(2_050)))
  expect(given.slice(-3).sort((a, b) => a - b)).toEqual(late)
})

test('items that go, and others that come, are each given once', async () => {
  const list = createList(upTo(250))
  let next = 250
  const given = await follow(list, false, 120, () => {
    list.items.splice(0, 30)
    for (let n = 0; n < 30; n += 1) list.items.push(next++)
  })
  expect(given).toEqual(upTo(given.length))
  expect(given.length).toBeGreaterThan(3_700)
})
