import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const client = join(__dirname, '..')
const bin = join(__dirname, '../../../node_modules/.bin')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ordinal-client-'))
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: client })
  const [file] = readdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  execFileSync('npm', ['install', '--offline', '--silent', `./${file}`], { cwd: folder })
})
afterAll(() => rmSync(folder, { recursive: true }))

const node = (name: string, program: string) => {
  writeFileSync(join(folder, name), program)
  return execFileSync(process.execPath, [name], { cwd: folder, encoding: 'utf8' })
}
const use = `
const ordinal = createOrdinal({ orders: 'http://127.0.0.1:1', retries: 0 })
ordinal.orders.get(1).catch((error) => process.stdout.write([error instanceof ConnectionError, error.name].join(' ')))`

test('it needs nothing else', () => {
  expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
    '@ordinal',
  ])
  const { dependencies, scripts } = JSON.parse(readFileSync(join(client, 'package.json'), 'utf8'))
  expect([dependencies, scripts]).toEqual([undefined, undefined])
})

test('as an ES module', () => {
  expect(node('use.mjs', `import { ConnectionError, createOrdinal } from '@ordinal/client'${use}`)).toBe(
    'true ConnectionError',
  )
})

test('as CommonJS', () => {
  expect(node('use.cjs', `const { ConnectionError, createOrdinal } = require('@ordinal/client')${use}`)).toBe(
    'true ConnectionError',
  )
})

test.each([
  ['a program of Node', { module: 'nodenext', types: [] as string[], lib: ['es2022', 'dom'] }],
  ['a bundled page', { module: 'preserve', types: [] as string[], lib: ['es2022', 'dom'] }],
  ['a worker', { module: 'preserve', types: [] as string[], lib: ['es2022', 'webworker'] }],
])('its types in %s', (_, compilerOptions) => {
  const program = `import { createOrdinal, type Order } from '@ordinal/client'
    export async function place(): Promise<string | null> {
      const order: Order = await createOrdinal({ orders: '' }).orders.create({ user_id: 1, product_id: 'P', quantity: 1, total_price: 1 })
      return order.order_number
    }`
  const compile = (text: string) => {
    writeFileSync(join(folder, 'use.ts'), text)
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          ...compilerOptions,
          strict: true,
          noEmit: true,
          skipDefaultLibCheck: true,
          target: 'es2022',
        },
        files: ['use.ts'],
      }),
    )
    try {
      return execFileSync(join(bin, 'tsc'), ['--project', folder], { encoding: 'utf8' })
    } catch (error) {
      return String((error as { stdout: string }).stdout)
    }
  }
  expect(compile(program)).toBe('')
  expect(compile(program.replace('quantity: 1, ', ''))).toContain("'quantity' is missing")
})

test('publint and Are The Types Wrong have nothing against it', () => {
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  execFileSync(join(bin, 'publint'), [join(folder, file!), '--strict'], { encoding: 'utf8' })
  execFileSync(join(bin, 'attw'), [join(folder, file!)], { encoding: 'utf8' })
})
