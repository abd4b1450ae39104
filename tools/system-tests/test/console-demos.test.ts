import { inBrowser, picture, violationsOn } from './console-browser'
import { shows, startDashboard, type Dashboard } from './console-dashboard'

inBrowser('demonstrations in a browser', () => {
  let dashboard: Dashboard

  beforeAll(async () => {
    dashboard = await startDashboard()
  })
  afterAll(() => dashboard.stop())

  test.each([
    ['All sites, one order', 8],
    ['Clients at the same time', 100],
    ['A gap is filled', 9],
    ['Numbers a second', 1_000],
  ])('the demonstration "%s" is played by one click, to its verdict', async (name, numbers) => {
    const page = await dashboard.open('/demos', { token: dashboard.tokens.operator })
    await page.getByRole('button', { name: `Run: ${name}` }).click()
    await page.locator('[data-verdict="true"]').waitFor()
    await shows(page, 'No number is given while a document holds it')
    expect(await page.getByRole('img', { name: 'kept' }).count()).toBeGreaterThanOrEqual(3)
    expect(await page.getByRole('img', { name: 'broken' }).count()).toBe(0)
    await shows(page, new RegExp(`^${numbers.toLocaleString('en-GB')} numbers`))
    await page.context().close()
  })

  test('in German all is German', async () => {
    const page = await dashboard.open('/demos', { token: dashboard.tokens.operator, language: 'de' })
    await page.getByRole('button', { name: 'Vorführen: Eine Lücke wird gefüllt' }).click()
    await page.locator('[data-verdict="true"]').waitFor()
    await shows(page, 'Eine Lücke wird von der nächsten Nummer gefüllt')
    expect(await page.getByText(/invoice|released|were|numbers in/i).count()).toBe(0)
    await page.context().close()
  })

  test.each<[name: string, place: string, isThere: string]>([['demos', '/demos', 'A gap is filled']])(
    '%s has nothing against WCAG 2.2 AA, light and dark, and on a phone',
    async (...page) => expect(await dashboard.violationsOf(...page)).toEqual([]),
  )

  test('a result has nothing against it either, and a demonstration is run by keyboard', async () => {
    const page = await dashboard.open('/demos', { token: dashboard.tokens.admin, dark: true })
    await page.getByRole('button', { name: 'Run: A gap is filled' }).focus()
    await page.keyboard.press('Enter')
    await page.locator('[data-verdict="true"]').waitFor()
    expect(await violationsOn(page)).toEqual([])
    await picture(page, 'demo', { dark: true })
    await page.context().close()
  })

  test('in all of this no script failed, and nothing broke the content policy', () => {
    expect(dashboard.browser.complaints()).toEqual([])
  })
})
