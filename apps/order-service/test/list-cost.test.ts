import { workloadOfList } from '../src/orders/list-cost'

test.each([
  [{}],
  [{ page: '10', page_size: '100' }],
  [{ status: 'pending', page: undefined }],
  [{ order_number: 'ORD-2026-000001' }],
  [{ reference: 'basket-1' }],
  [{ cursor: 'x' }],
  [{ cursor: 'x', user_id: '7' }],
  [{ cursor: 'x', without_number: 'true' }],
  [{ without_number: 'false' }],
  [{ without_number: false, status: 'pending' }],
  [{ cursor: 'x', product_id: 'PROD-123', page_size: '100' }],
])('%j is a small read', (asked) => {
  expect(workloadOfList(asked)).toBe('read')
})

test.each([
  [{ page: '11', page_size: '100' }],
  [{ page: 51 }],
  [{ user_id: '7' }],
  [{ product_id: 'PROD-123' }],
  [{ without_number: true }],
  [{ user_id: 7, status: 'pending' }],
  [{ cursor: 'x', status: 'pending', product_id: 'PROD-123' }],
])('%j is heavy', (asked) => {
  expect(workloadOfList(asked)).toBe('heavy')
})
