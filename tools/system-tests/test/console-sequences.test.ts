import { ask, eventually } from '../src/calls'
import { inBrowser } from './console-browser'
import { shows, startDashboard, type Dashboard } from './console-dashboard'

const year = new Date().getUTCFullYear()

let dashboard: Dashboard

inBrowser('sequences, their rules and their numbers, in a browser', () => {
  beforeAll(async () => {
    dashboard = await startDashboard({
      SEQUENCER_CONSOLE_TRACES_URL: 'https://traces.example.com/search?id={request_id}',
    })
  })
  afterAll(() => dashboard.stop())

  const openAs = (role: 'viewer' | 'operator' | 'admin', place: string) =>
    dashboard.open(place, { token: dashboard.tokens[role] })
  const asAdmin = (method: string, place: string, body?: object) =>
    dashboard.asAdmin(dashboard.system.sequencer, method, place, body)

  test('a number that is released becomes a gap with its reason, and the next one fills it', async () => {
    const { body } = await dashboard.issue('INV', { count: 3 })
    const released = (body.numbers as { full_number: string }[])[1]!.full_number
    const page = await openAs('operator', `/numbers/${released}?prefix=INV`)
    await page.getByRole('button', { name: 'Release' }).click()
    const dialog = page.getByRole('dialog', { name: `Release ${released}?` })
    await dialog.getByLabel('Reason').fill('cancelled by the customer')
    await dialog.getByRole('button', { name: 'Release' }).click()
    await shows(page, '“cancelled by the customer”')
    await page.goto(dashboard.at('/gaps?prefix=INV'))
    const gap = page.getByRole('row', { name: released })
    await gap.getByText('cancelled by the customer').waitFor()
    await dashboard.issue('INV')
    await shows(page, 'No gap')
    await page.context().close()
  })

  test('numbers are issued and reserved on the page of a sequence; one is confirmed, another made void', async () => {
    const page = await openAs('operator', '/sequences/PO')
    // The clock of the browser is wrong by an hour: the chart goes by that of the service.
    await page.addInitScript(`const { now } = Date; Date.now = () => now() - 3_600_000`)
    await page.reload()
    const drawn = page.getByRole('list', { name: 'Drawn here' }).getByRole('link')
    // What is drawn before is not in the chart.
    await page.locator('[data-live="live"]').waitFor()
    await page.getByLabel('How many').fill('2')
    await page.getByRole('button', { name: 'Issue', exact: true }).click()
    await drawn.nth(1).waitFor()
    await page.getByLabel('How many').fill('1')
    await page.getByRole('button', { name: 'Reserve', exact: true }).click()
    await drawn.nth(2).waitFor()
    // While a page is busy, its timers do not run: the chart shows the numbers of those seconds all the same.
    await page.evaluate(() => {
      const end = performance.now() + 3_000
      while (performance.now() < end);
    })
    // What happened meanwhile is in the figures, and in the chart of the last two minutes.
    const figureOf = (label: string) => page.getByText(label, { exact: true }).first().locator('..')
    await figureOf('Counter').getByText('3', { exact: true }).waitFor()
    await figureOf('Reserved').getByText('1', { exact: true }).waitFor()
    const chart = page.getByRole('figure', { name: 'New numbers of this sequence a second' })
    await chart.getByRole('button', { name: 'Show as a table' }).click()
    const counts = async () =>
      (await chart.getByRole('row').allInnerTexts()).slice(1).map((row) => Number(row.split('\t').at(-1)))
    await eventually(
      async () => (await counts()).reduce((sum, count) => sum + count, 0),
      (sum) => sum === 3,
    )

    await page.getByRole('link', { name: 'Show who holds them' }).click()
    const reserved = page.getByRole('region', { name: 'Reserved in view' }).last()
    await reserved.getByText('ada-operator').waitFor()
    await reserved.getByRole('link').click()
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByRole('heading', { name: /-?00000003/ }).waitFor()
    await page.getByRole('listitem').filter({ hasText: 'confirmed' }).getByText('ada-operator').waitFor()
    await page.getByRole('link', { name: /^Previous/ }).click()
    // The number before it has the same button.
    await page.getByRole('heading', { name: /00000002$/ }).waitFor()
    await page.getByRole('button', { name: 'Make void' }).click()
    const dialog = page.getByRole('dialog', { name: /^Make PO\d{6}-00000002 void\?$/ })
    await dialog.getByText('It stays out of use for ever').waitFor()
    await dialog.getByLabel('Reason').fill('printed twice')
    await dialog.getByRole('button', { name: 'Make void' }).click()
    await shows(page, '“printed twice”')
    const month = `${year}${String(new Date().getUTCMonth() + 1).padStart(2, '0')}`
    const { body } = await ask(
      dashboard.system.sequencer,
      'GET',
      `/api/v1/numbers/PO${month}-00000002?prefix=PO`,
    )
    expect(body.state).toBe('void')
    await page.context().close()
  })

  test('a step leads to what its request wrote, and to the trace of it', async () => {
    const id = 'till-7/2026+0815'
    const { body } = await ask(
      dashboard.system.sequencer,
      'POST',
      '/api/v1/next/GLOBAL',
      { count: 2 },
      { 'X-Request-Id': id },
    )
    const number = (body.numbers as { full_number: string }[])[0]!.full_number
    const page = await openAs('viewer', `/numbers/${number}?prefix=GLOBAL`)
    const trace = page.getByRole('link', { name: 'Trace' })
    expect(await trace.getAttribute('href')).toBe('https://traces.example.com/search?id=till-7%2F2026%2B0815')
    await page.getByRole('link', { name: id }).click()
    await shows(page, '2 in view, all there is')
    expect(new URL(page.url()).searchParams.get('request')).toBe(id)
    await page.context().close()
  })

  test('the next three numbers are those that come next: free values first, and none past the last value', async () => {
    await asAdmin('POST', '/api/v1/sequences', {
      prefix: 'NEXT',
      template: '{prefix}-{seq:3}',
      reset: 'never',
      end: 8,
    })
    const drawThree = async () => (await dashboard.issue('NEXT', { count: 3 })).body
    for (let nth = 0; nth < 2; nth += 1) await drawThree()
    for (const number of ['NEXT-004', 'NEXT-002'])
      await ask(dashboard.system.sequencer, 'POST', `/api/v1/numbers/${number}/release`, { reason: 'test' })
    const page = await openAs('operator', '/sequences/NEXT')
    const next = page.getByRole('list', { name: 'The next numbers' }).getByRole('listitem')
    await eventually(
      () => next.allInnerTexts(),
      (numbers) => numbers.join() === 'NEXT-002,NEXT-004,NEXT-007',
    )
    for (let nth = 0; nth < 3; nth += 1) {
      await page.getByRole('button', { name: 'Issue', exact: true }).click()
      await page.getByRole('list', { name: 'Drawn here' }).getByRole('listitem').nth(nth).waitFor()
    }
    const drawn = await page.getByRole('list', { name: 'Drawn here' }).getByRole('link').allInnerTexts()
    expect(drawn.reverse()).toEqual(['NEXT-002', 'NEXT-004', 'NEXT-007'])
    // One is left.
    await eventually(
      () => next.allInnerTexts(),
      (numbers) => numbers.join() === 'NEXT-008',
    )
    const left = page.getByText('Values left', { exact: true }).locator('..')
    await left.getByText('1', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Issue', exact: true }).click()
    await shows(page, 'None: its last value has been issued')
    await next.first().waitFor({ state: 'detached' })
    await page.context().close()
  })

  test('a sequence is made with a look at the turns of years; a change of its rules is on record with its reason', async () => {
    const page = await openAs('admin', '/sequences')
    await page.getByRole('link', { name: 'New sequence' }).click()
    await page.getByRole('heading', { name: 'New sequence' }).waitFor()
    await page.getByLabel('Name').fill('FISC')
    await page.getByLabel('Template').fill('{prefix}-{FY}-{seq:4}')
    await page.getByLabel('Fiscal year begins').fill('04-06')
    await page.getByRole('combobox', { name: 'Begins again' }).click()
    await page.getByRole('option', { name: 'every fiscal year' }).click()
    const preview = page.getByRole('region', { name: 'What numbers will look like' })
    const row = (ending: string) => preview.getByRole('row', { name: new RegExp(`-${ending} `) })
    const numbers = [await row('04-05').innerText(), await row('04-06').innerText()]
    const [before, after] = numbers.map((text) => Number(/FISC-(\d{4})-0001/.exec(text)![1]))
    expect(after).toBe(before! + 1)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'FISC', level: 1 }).waitFor()
    expect((await asAdmin('GET', '/api/v1/sequences/FISC')).body).toMatchObject({
      template: '{prefix}-{FY}-{seq:4}',
      fiscal_year_start: '04-06',
    })

    await page.getByRole('link', { name: 'Edit the rules' }).click()
    await page.getByLabel('Last value').fill('9000')
    await page.getByLabel('Reason').fill('as many forms as were printed')
    await page.getByRole('button', { name: 'Save' }).click()
    const history = page.getByRole('region', { name: 'History of the rules' })
    await history
      .getByRole('row', { name: /^2 .*ada-admin/ })
      .getByText('as many forms as were printed')
      .waitFor()
    await page.context().close()
  })

  test('a template that would repeat numbers is refused with the reason of the service', async () => {
    const page = await openAs('admin', '/sequences/PO/rules')
    await page.getByLabel('Template').fill('{prefix}-{seq:4}')
    await shows(page, 'PO-0001')
    await page.getByRole('button', { name: 'Save' }).click()
    const answer = await asAdmin('PUT', '/api/v1/sequences/PO', { template: '{prefix}-{seq:4}' })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    const reason =
      (answer.body.errors as { message: string }[] | undefined)?.[0]?.message ?? answer.body.detail
    await page
      .getByRole('alert')
      .getByText(reason as string)
      .first()
      .waitFor()
    await page.getByText(answer.body.code as string).waitFor()
    await page.context().close()
  })

  test('rules that somebody else has changed meanwhile are shown, and not overwritten', async () => {
    const page = await openAs('admin', '/sequences/SG/rules')
    await page.getByLabel('Last value').fill('500')
    const theirs = await asAdmin('PUT', '/api/v1/sequences/SG', { end: 700 })
    expect(theirs.status).toBe(200)
    await page.getByRole('button', { name: 'Save' }).click()
    await shows(page, 'Somebody else has changed this meanwhile')
    await page.getByRole('button', { name: 'Take over what is there now' }).click()
    await page.locator('input[value="700"]').waitFor()
    const { body } = await asAdmin('GET', '/api/v1/sequences/SG')
    expect(body.end).toBe(700)
    await page.context().close()
  })

  const pages: [name: string, place: string, isThere: string][] = [
    ['sequences', '/sequences', 'Template'],
    ['sequence', '/sequences/INV', 'History of the rules'],
    ['rules', '/sequences/INV/rules', 'What numbers will look like'],
    ['sequence-new', '/sequences/new', 'What numbers will look like'],
    ['number', `/numbers/INV${year}-0001?prefix=INV`, 'What happened to it'],
    ['gaps-filled', '/gaps?prefix=INV', 'No gap'],
  ]

  test.each(pages)('%s has nothing against WCAG 2.2 AA, light and dark, and on a phone', async (...page) =>
    expect(await dashboard.violationsOf(...page)).toEqual([]),
  )

  test('sequences beyond the first hundred are listed, and found', async () => {
    for (let n = 0; n < 100; n += 1)
      await asAdmin('POST', '/api/v1/sequences', {
        prefix: `ZZ${String(n).padStart(3, '0')}`,
        template: '{prefix}-{seq}',
        reset: 'never',
      })
    const page = await openAs('viewer', '/sequences?q=ZZ099')
    await page.getByRole('link', { name: 'ZZ099' }).waitFor()
    await shows(page, /^1 of 1\d\d in view/)
    await page.context().close()
  })

  test('in all of this no script failed, and nothing broke the content policy', () => {
    expect(dashboard.browser.complaints()).toEqual([])
  })
})
