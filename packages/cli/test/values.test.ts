import { InvalidArgumentError, type Command } from 'commander'
import { createProgram } from '../src/program'
import { integer, wholeFromZero } from '../src/values'

test('a number from 0 on may be 0, and one from 1 on may not', () => {
  expect(wholeFromZero('0')).toBe(0)
  expect(() => integer('0')).toThrow(InvalidArgumentError)
  for (const text of ['-1', '0.5', '', '1e3', '9'.repeat(16)])
    expect(() => wholeFromZero(text)).toThrow(InvalidArgumentError)
})

test.each([
  ['restore-check', '--margin'],
  ['import', '--max-hole'],
  ['webhooks rotate', '--overlap'],
  ['keys rotate', '--overlap'],
])('%s takes %s 0', (name, option) => {
  expect(readerOf(name, option)('0', undefined)).toBe(0)
})

test('a margin above what a plan may have is refused', () => {
  const read = readerOf('restore-check', '--margin')
  expect(read('100000', undefined)).toBe(100_000)
  expect(() => read('100001', undefined)).toThrow('100000')
})

/** What reads the text of an option. */
function readerOf(name: string, long: string) {
  let command: Command = createProgram(process)
  for (const word of name.split(' ')) command = command.commands.find((one) => one.name() === word)!
  return command.options.find((option) => option.long === long)!.parseArg!
}
