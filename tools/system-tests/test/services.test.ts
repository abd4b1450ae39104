import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { listedServices, prefixOf, root } from '../src/service'

const textOf = (file: string) => readFileSync(join(root, file), 'utf8')
const rows = listedServices.map((service) => [service.name, service] as const)

test('services.json lists the folders of apps/ that have a main.ts', () => {
  const folders = readdirSync(join(root, 'apps')).filter((name) =>
    existsSync(join(root, 'apps', name, 'src/main.ts')),
  )
  const names = listedServices.map(({ name }) => name)
  expect(names.sort()).toEqual(folders.sort())
})

test.each(rows)('%s has the ports of services.json, if nothing else is set', (name, service) => {
  const bundle = join(root, 'dist/apps', name, 'main.js')
  const described = execFileSync(process.execPath, [bundle, '--describe-config'], { encoding: 'utf8' })
  const variables = JSON.parse(described) as { name: string; default: string; example: string }[]
  const portOf = (what: string) => {
    const variable = variables.find((each) => each.name === `${prefixOf(name)}_${what}`)
    return variable && Number(variable.default || variable.example)
  }
  expect({ port: portOf('PORT'), grpcPort: portOf('GRPC_PORT'), debugPort: portOf('DEBUG_PORT') }).toEqual({
    port: service.port,
    grpcPort: service.grpcPort,
    debugPort: service.debugPort,
  })
})

test.each(rows)('%s has an image and a container, and is scraped', (name, { port }) => {
  expect(textOf('Dockerfile')).toContain(`FROM runtime AS ${name}\n`)
  expect(textOf('docker-compose.yml')).toContain(`\n  ${name}:\n    <<: *service\n`)
  expect(textOf('docker-compose.external-databases.yml')).toContain(`\n  ${name}:\n`)
  expect(textOf('monitoring/prometheus.yml')).toContain(`targets: ['${name}:${port}']`)
})

test.each(rows)('make has run-, dev- and test- for %s', (name) => {
  const short = name.replace(/-service$/, '')
  // A make that runs this test must not tell this one what to do.
  const env = { ...process.env, MAKEFLAGS: '' }
  const goals = [`run-${short}`, `dev-${short}`, `test-${short}`]
  const commands = execFileSync('make', ['--dry-run', ...goals], { cwd: root, encoding: 'utf8', env })
  expect(commands).toContain(`dist/apps/${name}/main.js`)
  expect(commands).toContain(`tools/build/src/dev.mjs ${name}\n`)
  expect(commands).toContain(`nx test ${name}\n`)
})
