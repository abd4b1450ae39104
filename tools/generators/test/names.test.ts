import fc from 'fast-check'
import {
  namesOfService,
  pluralOf,
  replacing,
  resourceReplacements,
  serviceReplacements,
  spellingsOf,
} from '../src/names'

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,6}(-[a-z][a-z0-9]{0,6}){0,2}$/)

test('a name has its spellings', () => {
  expect(spellingsOf('credit-note')).toEqual({
    kebab: 'credit-note',
    snake: 'credit_note',
    screaming: 'CREDIT_NOTE',
    camel: 'creditNote',
    pascal: 'CreditNote',
    words: 'credit note',
    sentence: 'Credit note',
  })
  expect(namesOfService('payment-service')).toMatchObject({
    short: 'payment',
    words: 'payment service',
    sentence: 'Payment service',
    database: 'paymentdb',
  })
  expect(namesOfService('billing')).toMatchObject({ short: 'billing', words: 'billing service' })
  expect(namesOfService('price-list')).toMatchObject({ client: 'priceList', words: 'price list service' })
})

test.each([
  ['invoice', 'invoices'],
  ['company', 'companies'],
  ['day', 'days'],
  ['box', 'boxes'],
  ['credit-note', 'credit-notes'],
])('the plural of %s is %s', (noun, plural) => expect(pluralOf(noun)).toBe(plural))

test('spellings of one name say the same words, and are words of their languages', () => {
  fc.assert(
    fc.property(name, (kebab) => {
      const { snake, screaming, camel, pascal, words } = spellingsOf(kebab)
      expect(snake.replaceAll('_', '-')).toBe(kebab)
      expect(screaming.toLowerCase()).toBe(snake)
      expect(words.split(' ').join('-')).toBe(kebab)
      expect([camel, pascal].every((each) => /^[A-Za-z][A-Za-z0-9]*$/.test(each))).toBe(true)
      expect(pascal.toLowerCase()).toBe(kebab.replaceAll('-', ''))
    }),
  )
})

test('nothing of the sample is left, whatever the service and what it keeps are called', () => {
  const sample = [
    ...serviceReplacements(namesOfService('sample-service')),
    ...resourceReplacements('demo-widget', 'demo-widgets'),
  ].map(([from]) => from)
  fc.assert(
    fc.property(name, name, fc.array(fc.constantFrom(...sample)), (service, resource, texts) => {
      const rename = replacing(
        new Map([
          ...serviceReplacements(namesOfService(service)),
          ...resourceReplacements(resource, pluralOf(resource)),
        ]),
      )
      const renamed = rename(texts.join(' | '))
      expect(renamed).not.toMatch(/sample|demo.?widget/i)
      expect(renamed.split(' | ')).toHaveLength(Math.max(texts.length, 1))
    }),
  )
})

test('what a replacement brings in is not replaced again', () => {
  const swap = replacing(
    new Map([
      ['a', 'b'],
      ['b', 'a'],
      ['ab', 'c'],
    ]),
  )
  expect(swap('abba b')).toBe('cab a')
})
