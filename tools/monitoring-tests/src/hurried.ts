import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { configFile, ruleFiles, textOf } from './monitoring'

/** By how much time runs faster in the tests: a scrape every second, and five minutes are twenty seconds. */
const haste = 15

const millisecondsPer: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/**
 * Writes a copy of the shipped configuration to a new folder: with other targets, and with all of its durations
 * shorter by the same factor.
 *
 * @param targets the address to scrape in place of each shipped one: `user-service:8081` and so on
 * @returns the folder
 */
export function writeHurriedCopy(targets: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'ordinal-monitoring-'))
  writeFileSync(join(folder, basename(configFile)), withTargets(hurried(textOf(configFile)), targets))
  mkdirSync(join(folder, 'rules'))
  for (const file of ruleFiles()) writeFileSync(join(folder, 'rules', basename(file)), hurried(textOf(file)))
  return folder
}

/** Shortens `for: 5m`, `scrape_interval: 15s`, and ranges such as `[5m]`. */
const hurried = (text: string) =>
  text
    // A busy machine may need all of the shorter interval for an answer.
    .replace(/^ *scrape_timeout:.*\n/m, '')
    .replace(
      /((?:^ *(?:for|\w+_interval): *)|\[)(\d+)(ms|[smh])\b/gm,
      (_, before: string, count: string, unit: string) => {
        return `${before}${Math.round((Number(count) * millisecondsPer[unit]!) / haste)}ms`
      },
    )

function withTargets(text: string, targets: Record<string, string>): string {
  for (const [shipped, here] of Object.entries(targets)) {
    if (!text.includes(`'${shipped}'`)) throw new Error(`${shipped} is not scraped`)
    text = text.replace(`'${shipped}'`, `'${here}'`)
  }
  return text
}
