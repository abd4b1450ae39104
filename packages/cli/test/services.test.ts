import { Command } from 'commander'
import { urlOptionOf, urlVariableOf } from '../src/services'

test.each([
  ['users', '--users', 'ORDINAL_USERS_URL'],
  ['priceList', '--price-list', 'ORDINAL_PRICE_LIST_URL'],
])('the address of %s is given by %s, or by %s', (client, option, variable) => {
  expect([urlOptionOf({ client }), urlVariableOf({ client })]).toEqual([option, variable])
  const profile = new Command().option(`${option} <url>`).parse([option, 'http://here'], { from: 'user' })
  expect(profile.opts()).toEqual({ [client]: 'http://here' })
})
