import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ask } from '../src/calls'
import { listedServices, root } from '../src/service'
import { startSystem, type System } from '../src/system'

let system: System
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.stop())

// make client writes it, as the service prints it.
test.each(listedServices)('the document of $name in packages/client is served', async ({ name, client }) => {
  const service = system.services.find((each) => each.name === name)!
  const { body } = await ask(service, 'GET', '/openapi.json')
  const file = path.join(root, 'packages/client/openapi', `${client}.json`)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(body)
})

// What @ordinal/contracts publishes.
test('the schemas of events in packages/contracts are those that the order service serves', async () => {
  const folder = path.join(root, 'packages/contracts/schemas')
  const { body: list } = await ask(system.orders, 'GET', '/schemas')
  const types = (list.schemas as { type: string; url: string }[]).map(({ type, url }) => {
    expect(url).toBe(`/schemas/${type}`)
    return type
  })
  for (const type of types) {
    const { body } = await ask(system.orders, 'GET', `/schemas/${type}`)
    const file = path.join(folder, `${type}.json`)
    if (process.env.ORDINAL_WRITE_CONTRACTS) writeFileSync(file, `${JSON.stringify(body, null, 2)}\n`)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(body)
  }
  expect(readdirSync(folder).sort()).toEqual(types.map((type) => `${type}.json`).sort())
})
