import { askedBy } from '../src/promql'

test.each([
  ['up', ['up'], [], []],
  ['up == 0 and on (job) vector(1)', ['up'], [], ['job']],
  [
    'sum by (job, le) (rate(a_bucket{route!="/x{id}", method="GET"}[5m]))',
    ['a_bucket'],
    ['route', 'method'],
    ['job', 'le'],
  ],
  ['rate({__name__=~"(a|b)_total",type="x",}[$interval])', ['a_total', 'b_total'], ['type'], []],
  [
    'topk(3, a:b:rate5m offset 5m) / ignoring(x) group_left max without (y) (c) > bool 0.5e3',
    ['a:b:rate5m', 'c'],
    [],
    ['x', 'y'],
  ],
  ['# of b\nhistogram_quantile(0.99, a) or -b > Inf', ['a', 'b'], [], []],
])('%s', (query, names, labels, groupings) => {
  const { selectors, ...asked } = askedBy(query)
  expect(selectors.flatMap((selector) => selector.names)).toEqual(names)
  expect(selectors.flatMap((selector) => selector.labels)).toEqual(labels)
  expect(asked.groupings).toEqual(groupings)
})

test.each(['{__name__=~".+_total"}', '{__name__!="a"}', '{job="a"}', 'a{job="x"'])(
  'a query whose metrics cannot be known is refused: %s',
  (query) => expect(() => askedBy(query)).toThrow(),
)
