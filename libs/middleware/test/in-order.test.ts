import type { RequestHandler } from 'express'
import { inOrder } from '../src'
import { answer, closeServers, serve } from './serve'

afterAll(closeServers)

const pass: RequestHandler = (_req, _res, next) => next()
const mark =
  (name: string): RequestHandler =>
  (_req, res, next) => {
    res.appendHeader('X-Order', name)
    setImmediate(next)
  }

test('handlers are called one after the other, also when they take their time, and then those behind them', async () => {
  const { get } = await serve(() => [inOrder(mark('1'), pass, mark('2')), mark('3'), answer])
  expect((await get('/')).headers.get('x-order')).toBe('1, 2, 3')
})

test.each<[string, RequestHandler]>([
  [
    'thrown',
    () => {
      throw new Error('broken')
    },
  ],
  ['passed on', (_req, _res, next) => next(new Error('broken'))],
  ['a rejection', () => Promise.reject(new Error('broken'))],
  [
    'thrown behind one that takes its time',
    inOrder(
      async (_req, _res, next) => {
        await Promise.resolve()
        next()
      },
      () => Promise.reject(new Error('broken')),
    ),
  ],
])('an error that is %s ends the order', async (_, fail) => {
  const reached = jest.fn()
  const { get } = await serve(() => [
    inOrder(fail, (_req, _res, next) => {
      reached()
      next()
    }),
    answer,
  ])
  expect((await get('/')).status).toBe(500)
  expect(reached).not.toHaveBeenCalled()
})
