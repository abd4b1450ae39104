import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, serviceNames } from '../src/service'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ordinal-supply-chain-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe.each(serviceNames)('what %s is made of', (service) => {
  const beside = (file: string) => readFileSync(join(root, 'dist/apps', service, file), 'utf8')

  test('names each package that the source map of its bundle does, with version, licence and the licence’s text', () => {
    const { sources } = JSON.parse(beside('main.js.map')) as { sources: string[] }
    const folders = new Set(
      sources.flatMap((source) => /(?:^|.*\/)node_modules\/(?:@[^/]+\/)?[^/]+/.exec(source) ?? []),
    )
    const bundled = [...folders]
      .map((path) => join(root, 'dist/apps', service, path, 'package.json'))
      // Some packages are bundles themselves, of files that were never here.
      .filter(existsSync)
      .map((file) => {
        const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
        return `pkg:npm/${name?.replace('@', '%40')}@${version}`
      })
    const { components } = JSON.parse(beside('sbom.cdx.json')) as {
      components: { purl: string; licenses: object[] }[]
    }
    const listed = components.map(({ purl }) => purl)
    expect(bundled.length).toBeGreaterThan(50)
    expect(bundled.filter((purl) => !listed.includes(purl))).toEqual([])
    expect(components.filter(({ licenses }) => licenses.length === 0)).toEqual([])

    const texts = beside('THIRD-PARTY-LICENSES.txt')
    expect(texts).toContain('\nexpress 5.')
    expect(texts.match(/Permission is hereby granted/g)?.length).toBeGreaterThan(50)
  })
})

test('what the command line is made of lies beside it, too', () => {
  const beside = (file: string) => readFileSync(join(root, 'packages/cli/dist', file), 'utf8')
  const { components } = JSON.parse(beside('sbom.cdx.json')) as { components: { name: string }[] }
  expect(components.map(({ name }) => name)).toEqual(expect.arrayContaining(['cli-table3', 'commander']))
  expect(beside('THIRD-PARTY-LICENSES.txt')).toContain('\ncommander ')
})

test.each([
  ['GPL-3.0-only', 'pads 1.2.3 is under "GPL-3.0-only"'],
  ['SEE LICENSE IN OTHER.md', 'pads 1.2.3 is under "SEE LICENSE IN OTHER.md"'],
  [undefined, 'pads 1.2.3 is under "undefined"'],
  ['(GPL-3.0-only OR MIT)', ''],
])('a bundle with a package under %s: %j', (license, refusal) => {
  const pads = join(folder, 'node_modules/pads')
  mkdirSync(pads, { recursive: true })
  writeFileSync(join(pads, 'package.json'), JSON.stringify({ name: 'pads', version: '1.2.3', license }))
  const module = pathToFileURL(join(root, 'tools/build/src/third-party.mjs')).href
  const describe = `const { describeThirdParties } = await import(${JSON.stringify(module)})
    describeThirdParties(${JSON.stringify(folder)}, 'billing', [${JSON.stringify(join(pads, 'index.js'))}])`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', describe], {
    encoding: 'utf8',
  })
  expect(status).toBe(refusal ? 1 : 0)
  expect(stderr).toContain(refusal)
})

test('a key in a file is found, and what stands for a password in tests and examples is none', () => {
  const options = ['--secretlintrc', '.secretlintrc.json', '--stdinFileName=settings.ts']
  const scan = (input: string) => spawnSync('npx', ['secretlint', ...options], { cwd: root, input }).status
  // In pieces, since this file is scanned as well.
  expect(scan(`token = '${['ghp', 'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'].join('_')}'`)).toBe(1)
  expect(scan(`url = 'postgres://app:${'Vq8sP1'}@db.acme.com/orders'`)).toBe(1)
  expect(scan(`url = 'postgres://postgres:p%40ss@localhost:5432/orderdb'`)).toBe(0)
})

describe('the workflows', () => {
  const workflows = join(root, '.github/workflows')
  const files = readdirSync(workflows).map(
    (file) => [file, readFileSync(join(workflows, file), 'utf8')] as const,
  )

  test.each(files)('%s names each action by its digest, and says which version that is', (_, text) => {
    const used = (text.match(/uses: .*/g) ?? []).filter((use) => !use.startsWith('uses: ./'))
    expect(used.length).toBeGreaterThan(0)
    expect(used.filter((use) => !/^uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(use))).toEqual([])
  })

  test('a release publishes every package and every service, and its notes are those of the changelog', () => {
    const [, release] = files.find(([file]) => file === 'release.yml')!
    for (const folder of readdirSync(join(root, 'packages'))) expect(release).toContain(`packages/${folder}`)
    expect(release).toContain("jq --compact-output 'map(.name)' services.json")
    const notesOf = (version: string) =>
      spawnSync(join(root, 'tools/build/src/release-notes.sh'), [version], { encoding: 'utf8' })
    const { version } = JSON.parse(readFileSync(join(root, 'released.json'), 'utf8')) as { version: string }
    expect(notesOf(version)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\n\w/) as string })
    expect(notesOf(version).stdout).not.toContain('## ')
    expect(notesOf('99.0.0')).toMatchObject({ status: 1, stderr: 'CHANGELOG.md has no part for 99.0.0\n' })
  })

  test.each(files)('%s may read, unless a job says what else it needs', (_, text) => {
    const [ofAll] = /^permissions:(?: \{\}|(?:\n {2}.*)+)/m.exec(text) ?? []
    expect(['permissions: {}', 'permissions:\n  contents: read']).toContain(ofAll)
    // Nobody else can use the token of a checkout.
    expect(text.match(/persist-credentials: false/g)?.length).toBe(text.match(/actions\/checkout@/g)?.length)
  })
})
