import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../src/service'

const filesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
const isPage = (file: string) => file.endsWith('.md')
const pages = [...readdirSync(root), ...filesIn('docs')].filter(isPage)
// A decision names the files of its day, and is not rewritten.
const current = pages.filter((page) => !page.startsWith('docs/decisions/'))

const textOf = (page: string) => readFileSync(join(root, page), 'utf8')
const withoutCode = (text: string) => text.replaceAll(/^```.*?^```/gms, '').replaceAll(/`[^`\n]*`/g, '')
const linksOf = (page: string) =>
  [...withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!)
const isOfThisRepository = (link: string) => !/^[a-z]+:/.test(link)

/** The anchors of a page's headings, as GitHub makes them. */
const anchorsOf = (page: string) =>
  [
    ...textOf(page)
      .replaceAll(/^```.*?^```/gms, '')
      .matchAll(/^#+ (.+)$/gm),
  ].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )

/** Whether a link leads to a file, and to a heading of it if it names one. */
function leadsSomewhere(page: string, link: string): boolean {
  const [path, anchor] = link.split('#')
  const target = path ? join(dirname(page), path) : page
  if (!existsSync(join(root, target))) return false
  return anchor === undefined || anchorsOf(target).includes(anchor)
}

/** The files and folders that a page names, as in `apps/order-service/src/app.ts`; `apps/*` and `apps/<name>` name none. */
const pathsOf = (page: string) =>
  [...textOf(page).matchAll(/`((?:apps|docs|libs|monitoring|proto|tools)\/[\w./-]*)`/g)].map(
    ([, path]) => path!,
  )

const brokenLinksOf = (page: string) =>
  linksOf(page).filter((link) => isOfThisRepository(link) && !leadsSomewhere(page, link))

test.each(current)('every link of %s leads to a file, and to a heading of it', (page) => {
  expect(brokenLinksOf(page)).toEqual([])
})

test('every link of the decisions leads to a file, and to a heading of it', () => {
  expect(pages.flatMap((page) => brokenLinksOf(page).map((link) => `${page}: ${link}`))).toEqual([])
})

test.each(current)('every path that %s names is there', (page) => {
  expect(pathsOf(page).filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test('control: a link to no file, and one to no heading, are found', () => {
  expect(leadsSomewhere('README.md', 'docs/nothing.md')).toBe(false)
  expect(leadsSomewhere('README.md', 'docs/orders.md#nothing')).toBe(false)
  expect(leadsSomewhere('README.md', 'docs/orders.md#status')).toBe(true)
  expect(linksOf('README.md')).toContain('docs/architecture.md')
})

test.each(['README.md', 'CONTRIBUTING.md'])('%s leads to the architecture and the glossary', (page) => {
  expect(linksOf(page)).toEqual(expect.arrayContaining(['docs/architecture.md', 'docs/glossary.md']))
})

test('the code, the database or the Makefile has every spelling that the glossary gives', () => {
  const folders = ['apps', 'libs', 'monitoring', 'tools']
  const isSource = (file: string) =>
    /\.(ts|sql|yml)$/.test(file) && !/node_modules|generated|\/test\//.test(file)
  const sources = [...folders.flatMap(filesIn).filter(isSource), 'Makefile'].map(textOf).join('\n')
  // `/api/v1/sequences`, table `sequences` -> the parts of each that a source spells as they are.
  const spellings = [...textOf('docs/glossary.md').matchAll(/^\|[^|]+\|[^|]+\|([^|]+)\|$/gm)]
    .flatMap(([, cell]) => [...cell!.matchAll(/`([^`]+)`/g)].map(([, spelling]) => spelling!))
    .flatMap((spelling) => spelling.replace(/^make /, '').split(/[…{}: ]+/))
    .filter((part) => part !== '' && !existsSync(join(root, part)))
  expect(spellings.length).toBeGreaterThan(100)
  expect(spellings.filter((part) => !sources.includes(part))).toEqual([])
})
