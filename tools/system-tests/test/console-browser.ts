import { readFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { chromium as playwright, type Browser, type Page } from 'playwright-core'
import { chromium } from './chromium'

const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** Chromium with the console in it. All that a page complains of is kept in `complaints`. */
export async function openBrowser() {
  if (!chromium) throw new Error('There is no chromium here, and no suite may be skipped: install it')
  const browser: Browser = await playwright.launch({
    executablePath: execFileSync('which', [chromium], { encoding: 'utf8' }).trim(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })
  const complaints: string[] = []

  return {
    /** Errors of scripts and what the content policy refused, of all pages. That a stopped service is not reached is none. */
    complaints: () => complaints.filter((line) => !/Failed to load resource|net::ERR_/.test(line)),

    /**
     * A page in a profile of its own.
     *
     * @param token who is signed in
     * @param elsewhere the page comes from where the other services do not expect it, and cannot reach them
     */
    async open(
      url: string,
      {
        token,
        dark = false,
        phone = false,
        elsewhere = false,
      }: { token?: string; dark?: boolean; phone?: boolean; elsewhere?: boolean } = {},
    ): Promise<Page> {
      const context = await browser.newContext({
        viewport: phone ? { width: 390, height: 844 } : { width: 1360, height: 900 },
        colorScheme: dark ? 'dark' : 'light',
        locale: 'en-GB',
        reducedMotion: 'reduce',
      })
      if (token !== undefined)
        await context.addInitScript(`sessionStorage.setItem('ordinal.session', ${JSON.stringify(token)})`)
      const page = await context.newPage()
      page.on('console', (message) => {
        if (elsewhere && message.text().includes('CORS policy')) return
        if (message.type() === 'error' || /Content Security Policy/.test(message.text()))
          complaints.push(`${url}: ${message.text()}`)
      })
      page.on('pageerror', (error) => complaints.push(`${url}: ${error.message}`))
      await page.goto(url)
      return page
    },

    close: () => browser.close(),
  }
}

export type ConsoleBrowser = Awaited<ReturnType<typeof openBrowser>>

interface AxeResults {
  violations: { id: string; nodes: { html: string; failureSummary: string }[] }[]
}

/** What axe finds of WCAG 2.2 AA on a page: a line for each rule that does not hold, with the elements. */
export async function violationsOn(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const { violations } = await page.evaluate<AxeResults>(
    `axe.run(document, { runOnly: { type: 'tag', values: ${JSON.stringify(rules)} } })`,
  )
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  )
}
