import fc from 'fast-check'
import { isSlotOfSomeDate, slotOf } from '@ordinal/audit'
import { RulesError, validateRules, type Rules } from '../src/domain/rules'
import { createSequence } from '../src/domain/sequence'
import { anyFiscalYearStart, anyReset, dates, plainRules, templates, values } from './rule-sets'

const ruleSets = fc
  .record({ template: templates, reset: anyReset, fiscalYearStart: anyFiscalYearStart })
  .map((chosen): Rules => ({ ...plainRules, ...chosen }))
  .filter((rules) => {
    try {
      return Boolean(validateRules(rules.prefix, rules))
    } catch (error) {
      if (error instanceof RulesError) return false
      throw error
    }
  })

const asRegistered = ({ prefix, template, reset, fiscalYearStart }: Rules) => ({
  prefix,
  template,
  reset,
  fiscal_year_start: fiscalYearStart,
})

test('the verifier reads the period and the form of a date from the rules as the issuer does', () => {
  fc.assert(
    fc.property(ruleSets, dates, (rules, date) => {
      const issued = (() => {
        try {
          const { period, frame } = createSequence(rules).slotOfDate(date)
          return { period, frame }
        } catch (error) {
          if (error instanceof RangeError) return undefined
          throw error
        }
      })()
      expect(slotOf(asRegistered(rules), date)).toEqual(issued)
    }),
    { numRuns: 2000 },
  )
})

test('a form is that of some date exactly if a number in it can be read', () => {
  fc.assert(
    fc.property(ruleSets, dates, values, fc.constantFrom('', 'x', '9'), (rules, date, value, more) => {
      const slot = slotOf(asRegistered(rules), date)
      if (!slot) return
      const { head, width, tail } = slot.frame
      const changed = { ...slot, frame: { head: head.slice(0, -1) + more, width, tail } }
      const number = changed.frame.head + String(value).padStart(width, '0') + tail
      const read = createSequence(rules).read(number)
      const fits = read?.slot.period === slot.period && read.slot.frame.head === changed.frame.head
      expect(isSlotOfSomeDate(asRegistered(rules), slot)).toBe(true)
      if (changed.frame.head !== head) expect(isSlotOfSomeDate(asRegistered(rules), changed)).toBe(fits)
    }),
    { numRuns: 300 },
  )
})
