import { compare, type Records, type Told } from '../src/proof'

/** Two numbers and an order, with nothing wrong. */
function told(): Told {
  return {
    numbers: [
      { key: 'number-1', answer: 'SG000001', atMs: 1 },
      { key: 'number-2', answer: 'SG000002', atMs: 2 },
    ],
    orders: [{ key: 'order-1', answer: { id: 7, reference: 'ref-7', orderNumber: 'ORD000001' }, atMs: 3 }],
    failures: [],
  }
}

function records(): Records {
  return {
    numbers: [
      { number: 'SG000001', key: 'number-1', value: '1' },
      { number: 'SG000002', key: 'number-2', value: '2' },
    ],
    orderNumbers: [{ number: 'ORD000001', key: 'ref-7', value: '1' }],
    orders: [{ id: '7', reference: 'ref-7', number: 'ORD000001', key: 'order-1' }],
  }
}

/** Compares after a change of what was told, or of what is on record. */
function after(change: (told: Told, records: Records) => void) {
  const [given, kept] = [told(), records()]
  change(given, kept)
  const { lost, doubled, unexplained } = compare(given, kept)
  return { lost, doubled, unexplained }
}
const well = { lost: [], doubled: [], unexplained: [] }

test('nothing is wrong where answers and records agree', () => {
  expect(compare(told(), records())).toEqual({ numbers: 2, orders: 1, ...well })
})

test('the order of rows does not matter', () => {
  expect(after((_, kept) => kept.numbers.reverse())).toEqual(well)
})

describe('lost is', () => {
  test('a number that was acknowledged and is not on record', () => {
    expect(after((_, kept) => kept.numbers.pop()).lost).toEqual(['number SG000002 of number-2'])
  })

  test('a number that is on record for another request', () => {
    const { lost, unexplained } = after((_, kept) => void (kept.numbers[1]!.key = 'number-3'))
    expect(lost).toEqual(['number SG000002 of number-2'])
    expect(unexplained).toEqual(['number SG000002'])
  })

  test('an order that was acknowledged and is not there', () => {
    expect(after((_, kept) => kept.orders.pop()).lost).toEqual([
      'order 7 of order-1',
      'number ORD000001 of order order-1',
    ])
  })

  test('an order that has the key, and is another one', () => {
    expect(after((_, kept) => void (kept.orders[0]!.id = '8')).lost).toEqual(['order 7 of order-1'])
  })

  test('the number of an order that now has another', () => {
    const { lost } = after((_, kept) => {
      kept.orders[0]!.number = kept.orderNumbers[0]!.number = 'ORD000002'
    })
    expect(lost).toEqual(['number ORD000001 of order order-1'])
  })

  test('not an order that was acknowledged without a number, and got one later', () => {
    expect(after(({ orders }) => void (orders[0]!.answer.orderNumber = null))).toEqual(well)
  })
})

describe('doubled is', () => {
  test('a number that two requests were told', () => {
    const { doubled } = after(({ numbers }) => void (numbers[1]!.answer = 'SG000001'))
    expect(doubled).toEqual(['SG000001'])
  })

  test('a number that is on record twice', () => {
    const { doubled } = after((_, kept) => void (kept.numbers[1]!.number = 'SG000001'))
    expect(doubled).toEqual(['SG000001'])
  })

  test('a number that two orders have, and a key that made two', () => {
    const { doubled } = after((_, kept) =>
      kept.orders.push({ id: '8', reference: 'ref-8', number: 'ORD000001', key: 'order-1' }),
    )
    expect(doubled).toEqual(['ORD000001', 'order-1'])
  })
})

describe('unexplained is', () => {
  test('a number that nobody asked for', () => {
    const { unexplained } = after((_, kept) =>
      kept.numbers.push({ number: 'SG000003', key: 'of nobody', value: '3' }),
    )
    expect(unexplained).toEqual(['number SG000003'])
  })

  test('a value that was skipped', () => {
    const { unexplained } = after((_, kept) => void (kept.numbers[1]!.value = '3'))
    expect(unexplained).toEqual(['no number with the value 2'])
  })

  test('an order without its number', () => {
    const { unexplained } = after(({ orders }, kept) => {
      orders[0]!.answer.orderNumber = kept.orders[0]!.number = null
    })
    expect(unexplained).toEqual(['order 7 with null'])
  })

  test('a number of an order that does not exist', () => {
    const { unexplained } = after((_, kept) =>
      kept.orderNumbers.push({ number: 'ORD000002', key: 'ref-8', value: '2' }),
    )
    expect(unexplained).toEqual(['number ORD000002 of no order'])
  })

  test('an order that nobody placed', () => {
    const { unexplained } = after((_, kept) => {
      kept.orders.push({ id: '8', reference: 'ref-8', number: 'ORD000002', key: null })
      kept.orderNumbers.push({ number: 'ORD000002', key: 'ref-8', value: '2' })
    })
    expect(unexplained).toEqual(['order 8'])
  })

  test('a request that was never answered, whether or not it was carried out', () => {
    const unanswered = ({ numbers, failures }: Told) => {
      numbers.pop()
      failures.push('number-2: no answer')
    }
    expect(after(unanswered)).toEqual({ ...well, unexplained: ['number-2: no answer'] })
    expect(
      after((given, kept) => {
        unanswered(given)
        kept.numbers.pop()
      }),
    ).toEqual({ ...well, unexplained: ['number-2: no answer'] })
  })
})
