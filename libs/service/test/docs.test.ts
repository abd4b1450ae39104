import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { startFakeService } from './fake-service'

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeService>>

beforeAll(async () => {
  database = await createTestDatabase()
  fake = await startFakeService(database.url)
})
afterAll(async () => {
  await fake.service.stop()
  await database.drop()
})

test('/docs loads, and so does everything that it names', async () => {
  const { headers, body } = await fake.api.get('/docs')
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
  const named = [...(body as string).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!)
  expect(named).toEqual([
    '/docs/files/swagger-ui.css',
    '/docs/files/swagger-ui-bundle.js',
    '/docs/files/start.js',
  ])

  const types = await Promise.all(
    named.map(async (path) => {
      const response = await fetch(fake.url + path)
      expect(response.status).toBe(200)
      expect((await response.text()).length).toBeGreaterThan(50)
      return response.headers.get('content-type')
    }),
  )
  expect(types).toEqual([
    'text/css; charset=utf-8',
    'text/javascript; charset=utf-8',
    'text/javascript; charset=utf-8',
  ])
})

test('what starts it names the document and the element that are there', async () => {
  const start = await (await fetch(`${fake.url}/docs/files/start.js`)).text()
  const { body } = await fake.api.get('/docs')
  const id = /dom_id: '#([^']+)'/.exec(start)?.[1]
  expect(start).toContain(`url: document.getElementById('${id}').dataset.document`)
  const url = new RegExp(`id="${id}" data-document="([^"]+)"`).exec(body as string)?.[1]
  expect((await fake.api.get(url!)).body.openapi).toBe('3.1.0')
})

test('the content policy lets the page work: its own scripts, inline styles, data: images, and nothing else', async () => {
  const { headers, body } = await fake.api.get('/docs')
  const policy = Object.fromEntries(
    headers
      .get('content-security-policy')!
      .split(';')
      .map((directive) => directive.trim().split(/ (.*)/)),
  ) as Record<string, string>
  expect(policy['default-src']).toBe("'self'")
  expect(policy['style-src']).toBe("'self' 'unsafe-inline'")
  expect(policy['img-src']).toBe("'self' data:")
  // script-src falls back to default-src, which allows no inline script: there must be none.
  expect(policy['script-src']).toBeUndefined()
  expect(body).not.toMatch(/<script(?![^>]*\bsrc=)/)
  expect(body).not.toMatch(/\son\w+=/)
})

test.each(['../package.json', '%2e%2e%2fpackage.json', 'package.json', 'swagger-ui.js', 'LICENSE'])(
  '/docs/files/%s is not to be had',
  async (file) => {
    expect((await fake.api.get(`/docs/files/${file}`)).status).toBe(404)
  },
)

test('files of /docs are one route in metrics, not one for each name that is asked for', async () => {
  for (const file of ['a', 'b', 'swagger-ui.css'])
    await fetch(`${fake.url}/docs/files/${file}`).then((r) => r.text())
  const { body } = await fake.api.get('/metrics')
  const routes = [...(body as string).matchAll(/route="(\/docs\/files[^"]*)"/g)].map(([, route]) => route)
  expect(new Set(routes)).toEqual(new Set(['/docs/files/{file}']))
})
