import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check } from 'recheck'
import ts from 'typescript'
import { root } from '../src/service'

/**
 * Expressions that the analysis does not decide (it knows neither assertions nor back-references, and some counts are too many
 * for it), or that take long for a text that nobody but who runs the service can choose; and why they may stay.
 */
const accepted = new Map([
  ['/^(.+?)(?:[-_. ]?\\1)*$/', 'a secret of the configuration, looked at once when the service starts'],
  [
    '/^([A-Za-z0-9._-]{1,64}):([0-9a-fA-F]{64})(?::(.*))?$/',
    'an entry of API_KEYS; each part ends at a colon',
  ],
  [
    '/^-----BEGIN CERTIFICATE-----\\s*$[^-]+^-----END CERTIFICATE-----\\s*$/gm',
    'a file of the configuration',
  ],
  ['/^\\^.*T(?=\\()/', 'the patterns of our own schemas'],
  [
    '/^(?:\\/(?!\\.{1,2}(?:\\/|$))[A-Za-z0-9._~-]+)+$/',
    'a segment begins with a slash, and has none: one way',
  ],
  [
    '/(?<![\\w-])eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]+/g',
    'a match begins with a word, and has three: each is read thrice',
  ],
])

/** What is shipped: the services, the console and its verifier, their libraries, and the packages. */
const shipped = [
  'apps/*/src/*.ts',
  'apps/*/src/*.tsx',
  'apps/console/offline/*.ts*',
  'apps/console/verifier/*.ts*',
  'libs/*/src/*.ts',
  'packages/*/src/*.ts',
]
const onlyInTests = ['libs/testing/', 'libs/embedded-postgres/']

interface Found {
  text: string
  place: string
}

test('no regular expression takes more than linear time, whatever it is given', async () => {
  const { literals } = readSource()
  expect(literals.length).toBeGreaterThan(50)
  const once = [...new Map(literals.map((found) => [found.text, found])).values()]
  const slow: string[] = []
  // One after the other, and by the analysis alone: what is found by trying depends on chance, and on how busy the machine is.
  for (const { text, place } of once.filter(({ text }) => !accepted.has(text))) {
    const end = text.lastIndexOf('/')
    const { status, ...result } = await check(text.slice(1, end), text.slice(end + 1), {
      checker: 'automaton',
      maxNFASize: 1_000_000,
      timeout: 60_000,
    })
    const attack = 'attack' in result ? `, for ${result.attack?.pattern}` : ''
    if (status !== 'safe') slow.push(`${place}: ${text} is ${status}${attack}`)
  }
  expect(slow).toEqual([])
  const texts = once.map(({ text }) => text)
  expect([...accepted.keys()].filter((text) => !texts.includes(text))).toEqual([])
})

test('no regular expression is made of a text at run time, such as one that a caller sends', () => {
  expect(readSource().made).toEqual([])
})

test('an expression that takes long is found', async () => {
  const { status } = await check('^(a+)+$', '')
  expect(status).toBe('vulnerable')
})

/** Every literal, and every place where an expression is made of a text. */
function readSource(): { literals: Found[]; made: string[] } {
  const listed = execFileSync('git', ['ls-files', ...shipped], { cwd: root, encoding: 'utf8' })
  const files = listed
    .trim()
    .split('\n')
    .filter((file) => !onlyInTests.some((folder) => file.startsWith(folder)))
  const literals: Found[] = []
  const made: string[] = []
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8')
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest)
    const visit = (node: ts.Node): void => {
      const place = () => `${file}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`
      if (ts.isRegularExpressionLiteral(node)) literals.push({ text: node.text, place: place() })
      if (ts.isIdentifier(node) && node.text === 'RegExp') made.push(place())
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  return { literals, made }
}
