import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const contracts = join(__dirname, '..')
const bin = join(__dirname, '../../../node_modules/.bin')

let folder: string
let file: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ordinal-contracts-'))
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: contracts })
  file = join(folder, readdirSync(folder)[0]!)
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  execFileSync('npm', ['install', '--offline', '--silent', file], { cwd: folder })
})
afterAll(() => rmSync(folder, { recursive: true }))

const node = (name: string, program: string) => {
  writeFileSync(join(folder, name), program)
  return execFileSync(process.execPath, [name], { cwd: folder, encoding: 'utf8' })
}

test('a schema is imported as an ES module and required as CommonJS, and the proto files are there', () => {
  const esm = `import schema from '@ordinal/contracts/schemas/order.created.json' with { type: 'json' }
    process.stdout.write(schema.title)`
  expect(node('use.mjs', esm)).toBe('order.created')
  expect(
    node('use.cjs', "process.stdout.write(require('@ordinal/contracts/schemas/webhook.test.json').title)"),
  ).toBe('webhook.test')
  const proto = `process.stdout.write(require('node:fs').readFileSync(require.resolve('@ordinal/contracts/proto/orders.proto'), 'utf8'))`
  expect(node('proto.cjs', proto)).toContain('service OrderService')
})

test('publint and Are The Types Wrong have nothing against it', () => {
  execFileSync(join(bin, 'publint'), [file, '--strict'], { encoding: 'utf8' })
  const entries = readdirSync(join(contracts, 'schemas')).map((name) => `./schemas/${name}`)
  execFileSync(join(bin, 'attw'), [file, '--entrypoints', ...entries], { encoding: 'utf8' })
})
