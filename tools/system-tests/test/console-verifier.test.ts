import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { root } from '../src/service'
import { inBrowser, openBrowser, picture, violationsOn, type ConsoleBrowser } from './console-browser'

let browser: ConsoleBrowser
let folder: string

// An export that a sequencer has made, with the checkpoint and the keys of then.
const fixture = (name: string) => readFileSync(path.join(root, 'libs/audit/test/fixtures', name), 'utf8')
const kept = {
  page: readFileSync(path.join(root, 'dist/apps/console/verifier.html'), 'utf8'),
  exported: fixture('export.ndjson'),
  checkpoint: fixture('checkpoint.txt').trim(),
  keys: fixture('keys.json'),
}

inBrowser('the verifier, kept as a file and opened without a network', () => {
  beforeAll(async () => {
    browser = await openBrowser()
    folder = mkdtempSync(path.join(tmpdir(), 'ordinal-verifier-'))
    writeFileSync(path.join(folder, 'verifier.html'), kept.page)
  })
  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const open = (how = {}) => browser.open(`file://${path.join(folder, 'verifier.html')}`, how)
  const file = (name: string, text: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })

  /** Gives the page its files as a person does, and waits for the verdict. */
  async function verify(page: Page, exported: string, checkpoint?: string, keys = kept.keys) {
    await page.context().setOffline(true)
    await page.getByLabel('The export').setInputFiles(file('export.ndjson', exported))
    if (checkpoint !== undefined) {
      await page.getByLabel('Checkpoints').setInputFiles(file('checkpoints.log', `kept: ${checkpoint}\n`))
      await page.getByLabel('Public keys').setInputFiles(file('keys.json', keys))
    }
    await page.getByRole('button', { name: 'Verify' }).click()
    const verdict = page.locator('[data-verdict]')
    await verdict.waitFor()
    return { verdict: await verdict.getAttribute('data-verdict'), words: await verdict.innerText() }
  }

  test('an export fits, with the checkpoint that was kept, and without one it says what that leaves open', async () => {
    const page = await open()
    const fits = await verify(page, kept.exported, kept.checkpoint)
    expect(fits.verdict).toBe('fits')
    expect(fits.words).toMatch(/Heads of checkpoints.*\s+[1-9]/)
    expect(fits.words).not.toContain('cannot be told')
    const alone = await open()
    const unaided = await verify(alone, kept.exported)
    expect(unaided.verdict).toBe('fits')
    expect(unaided.words).toContain('whether all of it was rewritten cannot be told')
    await page.context().close()
    await alone.context().close()
  })

  test('one changed byte is found, and where it is', async () => {
    const page = await open()
    const changed = kept.exported.replace(/("type":"entry".*?"caller":")[^"]/, '$1~')
    expect(changed).not.toBe(kept.exported)
    const { verdict, words } = await verify(page, changed)
    expect(verdict).toBe('differs')
    expect(words).toContain('altered')
    expect(await violationsOn(page)).toEqual([])
    await page.context().close()
  })

  test('a missing line is found, also if the count at the end was made to fit', async () => {
    const lines = kept.exported.trimEnd().split('\n')
    const last = lines.findLastIndex((line) => line.startsWith('{"type":"entry"'))
    const without = lines.toSpliced(last, 1)
    const page = await open()
    const counted = await verify(page, without.join('\n'))
    expect(counted.verdict).toBe('failed')
    expect(counted.words).toContain('the export says that it has')
    const end = JSON.parse(without.at(-1)!)
    const mended = [...without.slice(0, -1), JSON.stringify({ ...end, entries: end.entries - 1 })].join('\n')
    const again = await open()
    const { verdict, words } = await verify(again, mended)
    expect(verdict).toBe('differs')
    expect(words).toContain('missing')
    await page.context().close()
    await again.context().close()
  })

  test('a checkpoint that another key signed is refused', async () => {
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const page = await open()
    const { verdict, words } = await verify(page, kept.exported, kept.checkpoint, other)
    expect(verdict).toBe('failed')
    expect(words).toContain('signed by another key')
    await page.context().close()
  })

  test('it has nothing against WCAG 2.2 AA, light and dark, and on a phone, and works by keyboard', async () => {
    for (const how of [{}, { dark: true }, { phone: true }]) {
      const page = await open(how)
      expect([how, await violationsOn(page)]).toEqual([how, []])
      await page.getByLabel('The export').setInputFiles(file('export.ndjson', kept.exported))
      await page.getByRole('button', { name: 'Verify' }).focus()
      await page.keyboard.press('Enter')
      await page.locator('[data-verdict="fits"]').waitFor()
      expect([how, await violationsOn(page)]).toEqual([how, []])
      await picture(page, 'verifier', how)
      await page.context().close()
    }
  })

  test('it is one file, which asks nobody: no address is in it to be loaded from', () => {
    expect(kept.page).toContain("default-src 'none'")
    expect(kept.page.replace(/<!--[\s\S]*-->/, '')).not.toMatch(/<(script|link|img)[^>]*(src|href)=/)
    expect(browser.complaints()).toEqual([])
  })
})
