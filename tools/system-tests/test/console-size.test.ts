import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { root } from '../src/service'

const folder = path.join(root, 'dist/apps/console')
const sizeOf = (names: Iterable<string>) =>
  [...names].reduce((sum, name) => sum + statSync(path.join(folder, `${name}.br`)).size, 0) / 1024

/** The files of a kind that those named import before they run, themselves included. */
function neededBy(entries: string[]): Set<string> {
  const found = new Set<string>()
  for (const queue = [...entries]; queue.length > 0;) {
    const name = queue.pop()!
    if (found.has(name)) continue
    found.add(name)
    const source = readFileSync(path.join(folder, name), 'utf8')
    for (const [, other] of source.matchAll(/(?:\bfrom|\bimport)"\.\/([\w.-]+\.js)"/g))
      queue.push(`assets/${other}`)
  }
  return found
}

test('the first load is at most 180 KB of script, 230 with the first page, and 35 KB of styles', () => {
  const html = readFileSync(path.join(folder, 'index.html'), 'utf8')
  const named = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, name]) => name!)
  const scripts = neededBy(named.filter((name) => name.endsWith('.js')))
  const overview = readdirSync(path.join(folder, 'assets')).filter((name) =>
    /^overview-page-.*\.js$/.test(name),
  )
  expect(overview).toHaveLength(1)
  const withPage = new Set([...scripts, ...neededBy([`assets/${overview[0]}`])])
  expect(scripts.size).toBeGreaterThan(0)
  expect(sizeOf(scripts)).toBeLessThanOrEqual(180)
  expect(sizeOf(withPage)).toBeLessThanOrEqual(230)
  expect(sizeOf(named.filter((name) => name.endsWith('.css')))).toBeLessThanOrEqual(35)
})

test('the licences of what is in it come with the sequencer', () => {
  const file = path.join(root, 'dist/apps/sequencer/THIRD-PARTY-LICENSES.txt')
  expect(existsSync(file)).toBe(true)
  expect(readFileSync(file, 'utf8')).toContain('@mantine/core 9.7.3 (MIT)')
})
