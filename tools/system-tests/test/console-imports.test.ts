import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { ask } from '../src/calls'
import { inBrowser } from './console-browser'
import { shows, startDashboard, type Dashboard } from './console-dashboard'

/** Writes a file anew, later than it was: Chromium compares the seconds. */
function change(file: string, text: string): void {
  writeFileSync(file, text)
  const later = new Date(Date.now() + 10_000)
  utimesSync(file, later, later)
}

inBrowser('imports in a browser', () => {
  let dashboard: Dashboard
  const folder = mkdtempSync(path.join(tmpdir(), 'imports-'))

  beforeAll(async () => {
    dashboard = await startDashboard()
  })
  afterAll(async () => {
    rmSync(folder, { recursive: true })
    await dashboard.stop()
  })

  /** As a person does, in the dialog of the system. */
  async function choose(page: Page, file: string) {
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByLabel('File', { exact: true }).click(),
    ])
    await chooser.setFiles(file)
  }

  test('a file is tried first, which writes nothing, and then imported; what is refused is named', async () => {
    const year = new Date().getUTCFullYear()
    const file = path.join(folder, 'old-numbers.csv')
    writeFileSync(
      file,
      `number,client_id,colour\nINV${year}-0001,acme,red\nINV${year}-0002,acme,red\nnonsense,acme,red\n`,
    )
    const page = await dashboard.open('/imports?prefix=INV', { token: dashboard.tokens.admin })
    await choose(page, file)
    expect(await page.getByRole('button', { name: 'Import', exact: true }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Try it' }).click()
    await shows(page, 'Report of the dry run: nothing was written')
    await page.getByRole('row', { name: /nonsense/ }).waitFor()
    await shows(page, 'colour')
    const ofInv = async () =>
      (await ask(dashboard.system.sequencer, 'GET', '/api/v1/status/INV')).body.current_counter
    expect(await ofInv()).toBe(0)

    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await shows(page, '2 numbers are written to the ledger')
    await page.getByRole('dialog').getByRole('button', { name: 'Import' }).click()
    await page.getByRole('heading', { name: 'Report', exact: true }).waitFor()
    expect(await ofInv()).toBe(2)
    await page.context().close()
  })

  test('a file that was changed after it was chosen is named, and is chosen again', async () => {
    const file = path.join(folder, 'changing.csv')
    const page = await dashboard.open('/imports?prefix=PO', { token: dashboard.tokens.admin })
    writeFileSync(file, 'number\nnonsense\n')
    await choose(page, file)
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.getByRole('row', { name: /nonsense/ }).waitFor()
    change(file, 'number\nrubbish\nand more\n')
    await page.getByRole('button', { name: 'Try it' }).click()
    await shows(page, 'The file has changed since it was chosen. Choose it again.')
    await choose(page, file)
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.getByRole('row', { name: /rubbish/ }).waitFor()

    // One that was tried, and could be imported: it is named before anybody is asked.
    const month = new Date().toISOString().slice(0, 7).replace('-', '')
    writeFileSync(file, `number\nPO${month}-00000001\n`)
    await choose(page, file)
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.getByRole('heading', { name: 'Report of the dry run: nothing was written' }).waitFor()
    change(file, `number\nPO${month}-00000001\nPO${month}-00000002\n`)
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await shows(page, 'The file has changed since it was chosen. Choose it again.')
    expect(await page.getByRole('dialog').count()).toBe(0)
    await page.context().close()
  })

  test('an import that cannot be read says so in the words of the service', async () => {
    const file = path.join(folder, 'wrong.csv')
    writeFileSync(file, 'nummer\n1\n')
    const page = await dashboard.open('/imports?prefix=SG', { token: dashboard.tokens.admin })
    await choose(page, file)
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.getByText('import_unreadable').waitFor()
    await page.context().close()
  })

  test.each<[name: string, place: string, isThere: string]>([['imports', '/imports?prefix=INV', 'Try it']])(
    '%s has nothing against WCAG 2.2 AA, light and dark, and on a phone',
    async (...page) => expect(await dashboard.violationsOf(...page)).toEqual([]),
  )

  test('in all of this no script failed, and nothing broke the content policy', () => {
    expect(dashboard.browser.complaints()).toEqual([])
  })
})
