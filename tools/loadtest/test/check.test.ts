import fc from 'fast-check'
import { compare, type Finding } from '../src/check'
import type { Held } from '../src/held'
import type { AnsweredNumber, AnsweredOrder } from '../src/answers'

interface Story {
  orders: AnsweredOrder[]
  numbers: AnsweredNumber[]
  held: Held
}

/** A run in which everything is as it was answered. */
function storyOf(kinds: readonly ('placed' | 'cancelled' | 'deleted' | 'refused')[], drawn: number): Story {
  const orders = kinds.map((kind, index): AnsweredOrder => ({
    key: `key-${index}`,
    placed: kind === 'refused' ? 'no' : 'yes',
    ...(kind !== 'refused' && { id: index + 1, reference: `ref-${index}`, number: `ORD-${index + 1}` }),
    cancelled: kind === 'cancelled' ? 'yes' : 'no',
    deleted: kind === 'deleted' ? 'yes' : 'no',
  }))
  const placed = orders.filter(({ placed }) => placed === 'yes')
  const numbers = Array.from({ length: drawn }, (_, index): AnsweredNumber => ({
    key: `draw-${index}`,
    drawn: 'yes',
    number: `BENCH-${index + 1}`,
    counter: index + 1,
  }))
  return {
    orders,
    numbers,
    held: {
      orders: placed
        .filter(({ deleted }) => deleted === 'no')
        .map(({ id, reference, number, cancelled }) => ({
          id: id!,
          reference: reference!,
          order_number: number!,
          status: cancelled === 'yes' ? 'cancelled' : 'confirmed',
        })),
      orderNumbers: placed.map(({ number, reference, id }) => ({
        number: number!,
        value: id!,
        idempotency_key: reference!,
      })),
      numbers: numbers.map(({ number, counter, key }) => ({
        number: number!,
        value: counter!,
        idempotency_key: key,
      })),
    },
  }
}

const kindsOf = ({ orders, numbers, held }: Story): Finding['kind'][] => [
  ...new Set(compare({ orders, numbers }, held).findings.map(({ kind }) => kind)),
]
const story = () => storyOf(['placed', 'cancelled', 'deleted', 'refused', 'placed'], 3)

test('of what is as it was answered nothing is found, and all is counted', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('placed', 'cancelled', 'deleted', 'refused')),
      fc.nat({ max: 20 }),
      (kinds, drawn) => {
        const { orders, numbers, held } = storyOf(kinds, drawn)
        const placed = kinds.filter((kind) => kind !== 'refused').length
        const deleted = kinds.filter((kind) => kind === 'deleted').length
        expect(compare({ orders, numbers }, held)).toEqual({
          orders: { placed, deleted, held: placed - deleted },
          numbers: { answered: placed + drawn, held: placed + drawn },
          unknown: 0,
          findings: [],
        })
      },
    ),
  )
})

test.each<[string, (story: Story) => unknown, Finding['kind'][]]>([
  ['an order is gone', ({ held }) => (held.orders = held.orders.slice(1)), ['order_missing']],
  [
    'there is an order that nobody was answered',
    ({ orders }) => orders.splice(0, 1),
    ['order_unexpected', 'number_unexpected'],
  ],
  [
    'an order was refused, and is there',
    ({ orders }) => (orders[0]!.placed = 'no'),
    ['order_unexpected', 'number_unexpected'],
  ],
  ['a deleted order is there', ({ orders }) => (orders[0]!.deleted = 'yes'), ['order_unexpected']],
  [
    'two requests have one order',
    ({ orders }) => orders.push({ ...orders[0]!, key: 'other' }),
    ['order_doubled', 'order_missing', 'number_doubled', 'number_missing'],
  ],
  ['an order is in another status', ({ orders }) => (orders[1]!.cancelled = 'no'), ['order_differs']],
  [
    'an order has another number',
    ({ held }) => (held.orders = held.orders.map((order) => ({ ...order, order_number: 'ORD-9' }))),
    ['order_differs'],
  ],
  [
    'an order has no number',
    ({ held }) => (held.orders = held.orders.map((order) => ({ ...order, order_number: null }))),
    ['order_without_number'],
  ],
  [
    'the number of an order is not in the ledger',
    ({ held }) => (held.orderNumbers = held.orderNumbers.slice(1)),
    ['number_missing'],
  ],
  [
    'the number of an order is in the ledger for another',
    ({ held }) =>
      (held.orderNumbers = held.orderNumbers.map((one) => ({ ...one, idempotency_key: 'other' }))),
    ['number_differs'],
  ],
  [
    'the ledger has issued a number that no order has',
    ({ held }) =>
      (held.orderNumbers = [...held.orderNumbers, { number: 'ORD-9', value: 9, idempotency_key: 'x' }]),
    ['number_unexpected'],
  ],
  [
    'the ledger has issued a number twice',
    ({ held }) => (held.numbers = [...held.numbers, held.numbers[0]!]),
    ['number_doubled'],
  ],
  ['a number is gone', ({ held }) => (held.numbers = held.numbers.slice(1)), ['number_missing']],
  ['a number has another value', ({ numbers }) => (numbers[0]!.counter = 7), ['number_differs']],
  ['there is a number more', ({ numbers }) => numbers.pop(), ['number_unexpected']],
])('found: %s', (_, plant, kinds) => {
  const planted = story()
  plant(planted)
  expect(kindsOf(planted)).toEqual(kinds)
})

test('what nobody knows may be there or not, and is counted; one more than that is found', () => {
  const planted = story()
  const [first] = planted.orders.splice(0, 1)
  planted.orders.push({ key: first!.key, placed: 'unknown', cancelled: 'no', deleted: 'no' })
  planted.orders[0]!.cancelled = 'unknown'
  expect(kindsOf(planted)).toEqual([])
  expect(compare(planted, planted.held).unknown).toBe(1)
  planted.orders.splice(3, 1)
  expect(kindsOf(planted)).toEqual(['order_unexpected', 'number_unexpected'])
})
