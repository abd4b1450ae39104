import { createOrdinal, type Ordinal } from '../src'

/** A client that answers itself, with the addresses that it asked for. */
function recording() {
  const asked: string[] = []
  const fetch = (url: unknown) => {
    asked.push(String(url))
    return Promise.resolve(Response.json({}))
  }
  const ordinal = createOrdinal({
    users: 'http://u/ordinal/',
    orders: 'http://o',
    sequencer: 'http://s',
    fetch,
  })
  return { ordinal, asked }
}

describe.each(['', '.', '..'])('the text "%s"', (text) => {
  test.each<[string, (ordinal: Ordinal) => Promise<unknown>]>([
    ['a number of an order', ({ orders }) => orders.getByNumber(text)],
    ['a number', ({ numbers }) => numbers.get(text)],
    ['a sequence that issues', ({ numbers }) => numbers.next(text)],
    ['a sequence in a list', ({ numbers }) => numbers.gaps(text).next()],
    ['an id', ({ users }) => users.get(text as never)],
    ['a part between others', ({ sequences }) => sequences.closePeriod(text, '2026', {} as never)],
    [
      'the name of a file',
      ({ sequences }) => sequences.import(text, { type: 'text/csv', open: () => 'number' }),
    ],
  ])('is refused as %s, and nothing is sent', async (_, call) => {
    const { ordinal, asked } = recording()
    await expect(call(ordinal)).rejects.toThrow(`"${text}" is not an id, a number or a name`)
    expect(asked).toEqual([])
  })
})

test('texts that only look like it stay in their place', async () => {
  const { ordinal, asked } = recording()
  for (const text of ['...', '../x', '%2e%2e', '.a', 'a/..', ' ']) await ordinal.numbers.get(text)
  await ordinal.users.get(7)
  expect(asked).toEqual([
    'http://s/api/v1/numbers/...',
    'http://s/api/v1/numbers/..%2Fx',
    'http://s/api/v1/numbers/%252e%252e',
    'http://s/api/v1/numbers/.a',
    'http://s/api/v1/numbers/a%2F..',
    'http://s/api/v1/numbers/%20',
    'http://u/ordinal/api/v1/users/7',
  ])
})
