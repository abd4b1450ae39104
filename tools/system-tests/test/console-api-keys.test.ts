import { ask, eventually } from '../src/calls'
import { inBrowser } from './console-browser'
import { secretIn, shows, startDashboard, type Dashboard } from './console-dashboard'

inBrowser('API keys in a browser', () => {
  let dashboard: Dashboard

  beforeAll(async () => {
    dashboard = await startDashboard()
  })
  afterAll(() => dashboard.stop())

  const asKey = (key: string) =>
    ask(dashboard.system.sequencer, 'GET', '/api/v1/audit', undefined, { 'X-API-Key': key })
  const isRefused = (key: string) =>
    eventually(
      async () => (await asKey(key)).status,
      (status) => status === 401,
      20_000,
    )

  test('a key is made with scopes, used, rotated and revoked; each is refused when it has ended', async () => {
    const page = await dashboard.open('/api-keys', { token: dashboard.tokens.admin })
    await shows(page, 'There is no managed key yet')
    await page.getByRole('button', { name: 'New key' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('erp')
    await dialog.getByLabel('Scopes').fill('audit:reed')
    await dialog.getByRole('button', { name: 'New key' }).click()
    await page.getByRole('alert').getByText('is no scope').first().waitFor()
    await dialog.getByLabel('Scopes').fill('audit:read')
    await dialog.getByRole('button', { name: 'New key' }).click()
    const first = await secretIn(page)
    expect((await asKey(first)).status).toBe(200)
    await page.getByRole('link', { name: 'erp' }).click()
    await shows(page, 'audit:read')

    await page.getByRole('button', { name: 'Rotate' }).click()
    await dialog.getByText('not at all').click()
    await dialog.getByLabel('Reason').fill('it was in a chat')
    await dialog.getByRole('button', { name: 'Rotate' }).click()
    const second = await secretIn(page)
    await shows(page, 'Replaces')
    await isRefused(first)
    expect((await asKey(second)).status).toBe(200)

    await page.getByRole('button', { name: 'Revoke' }).click()
    await shows(page, 'Within seconds every service refuses it')
    await dialog.getByLabel('Reason').fill('the ERP is gone')
    await dialog.getByRole('button', { name: 'Revoke' }).click()
    await shows(page, '“the ERP is gone”')
    await isRefused(second)
    expect(await page.getByRole('button', { name: 'Revoke' }).count()).toBe(0)
    await page.context().close()
  })

  test('the end of a key is set, with its reason; when somebody else has changed it meanwhile it is not', async () => {
    const { sequencer } = dashboard.system
    const made = await dashboard.asAdmin(sequencer, 'POST', '/api/v1/api-keys', {
      name: 'till-7',
      scopes: ['audit:read'],
    })
    const { id } = made.body.api_key as { id: string }
    const page = await dashboard.open(`/api-keys/${id}`, { token: dashboard.tokens.admin })
    const dialog = page.getByRole('dialog')
    const setEnd = async (end: string, reason: string) => {
      await page.getByRole('button', { name: 'Change its end' }).click()
      await dialog.getByLabel('Ends').fill(end)
      await dialog.getByLabel('Reason').fill(reason)
      await dialog.getByRole('button', { name: 'Change its end' }).click()
    }
    const endOf = async () =>
      (await dashboard.asAdmin(sequencer, 'GET', `/api/v1/api-keys/${id}`)).body.expires_at as string | null
    await setEnd('2031-05-06T07:08', 'the till is leased until then')
    await shows(page, '“the till is leased until then”')
    const end = await endOf()
    expect(end).toMatch(/^2031-05-0[567]/)
    await dashboard.asAdmin(sequencer, 'PUT', `/api/v1/api-keys/${id}`, {
      expires_at: null,
      reason: 'bought',
    })
    await setEnd('2032-01-01T00:00', 'leased for longer')
    await shows(page, 'version_mismatch')
    expect(await endOf()).toBeNull()
    await page.context().close()
  })

  describe('pages', () => {
    let key: { id: string }
    beforeAll(async () => {
      const made = await dashboard.asAdmin(dashboard.system.sequencer, 'POST', '/api/v1/api-keys', {
        name: 'billing',
        scopes: ['numbers:issue:INV'],
      })
      key = made.body.api_key as { id: string }
    })

    const pages: [name: string, place: () => string, isThere: string][] = [
      ['api-keys', () => '/api-keys', 'billing'],
      ['api-key', () => `/api-keys/${key.id}`, 'numbers:issue:INV'],
    ]

    test.each(pages)(
      '%s has nothing against WCAG 2.2 AA, light and dark, and on a phone',
      async (name, place, text) => expect(await dashboard.violationsOf(name, place(), text)).toEqual([]),
    )
  })

  test('in all of this no script failed, and nothing broke the content policy', () => {
    expect(dashboard.browser.complaints()).toEqual([])
  })
})
