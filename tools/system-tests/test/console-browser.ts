import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { SignJWT } from 'jose'
import { chromium as playwright, type Browser, type Page } from 'playwright-core'
import { suiteNeeding } from '@ordinal/testing'
import { eventually } from '../src/calls'
import { chromium } from './chromium'

const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** A suite that is skipped, and says so, where there is no chromium; not where no suite may be skipped. */
export const inBrowser = suiteNeeding('chromium', chromium !== undefined)

/** What the tokens of these tests are signed with: JWT_SECRET. */
export const consoleSecret = 'a-secret-of-the-console-tests-0123456789'

/** A token of each role, for an hour. */
export async function signedTokens(): Promise<Record<'viewer' | 'operator' | 'admin', string>> {
  const tokenOf = (role: string) =>
    new SignJWT({ sub: `ada-${role}`, role })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(consoleSecret))
  const [viewer, operator, admin] = await Promise.all(['viewer', 'operator', 'admin'].map(tokenOf))
  return { viewer: viewer!, operator: operator!, admin: admin! }
}

/** Keeps what a page looks like, for the documentation: `make screenshots`. */
export async function picture(page: Page, name: string, how: object = {}): Promise<void> {
  const folder = process.env.ORDINAL_WRITE_SCREENSHOTS
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  const [suffix] = Object.keys(how)
  await page.screenshot({ path: path.join(folder, `${name}${suffix ? `-${suffix}` : ''}.png`) })
}

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
     * @param language that of the browser
     * @param elsewhere the page comes from where the other services do not expect it, and cannot reach them
     */
    async open(
      url: string,
      {
        token,
        dark = false,
        phone = false,
        elsewhere = false,
        language = 'en-GB',
      }: { token?: string; dark?: boolean; phone?: boolean; elsewhere?: boolean; language?: string } = {},
    ): Promise<Page> {
      const context = await browser.newContext({
        viewport: phone ? { width: 390, height: 844 } : { width: 1360, height: 900 },
        colorScheme: dark ? 'dark' : 'light',
        locale: language,
        reducedMotion: 'reduce',
      })
      // Tests say themselves what must show within how long; anything else may wait for a busy machine.
      context.setDefaultTimeout(90_000)
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

/**
 * Loads a page again, without the files whose addresses fit.
 *
 * @returns lets them come
 */
export async function reloadWithLate(page: Page, files: RegExp): Promise<() => void> {
  let load = () => {}
  const loaded = new Promise<void>((resolve) => (load = resolve))
  await page.route(files, async (route) => {
    await loaded
    await route.continue()
  })
  await page.reload({ waitUntil: 'commit' })
  return load
}

/** What an item of the menu Copy has copied; it may write to the clipboard, and the page reads it. */
export async function copied(page: Page, item: string): Promise<string> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.evaluate(`navigator.clipboard.writeText('')`)
  await page.getByRole('button', { name: 'Copy', exact: true }).click()
  await page.getByRole('menuitem', { name: item }).click()
  return eventually(() => page.evaluate<string>('navigator.clipboard.readText()'), Boolean)
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
