import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { programsFolder } from './programs'

/** What is against a migration: where, which rule, and why. */
export interface Finding {
  file: string
  /** From 1. */
  line: number
  rule: string
  message: string
}

/**
 * Rules whose finding is right where nobody uses any more what is taken away: the name of the migration says from which release on
 * that is so (docs/upgrading.md).
 */
const takingAway = new Set([
  'adding-not-nullable-field',
  'adding-required-field',
  'ban-drop-column',
  'ban-drop-not-null',
  'ban-drop-table',
  'changing-column-type',
  'drop-of-what-is-called',
  'renaming-column',
  'renaming-table',
])

/** The findings of migrations that neither their name nor a comment allows. */
export function lintMigrations(files: readonly string[]): Finding[] {
  return [...squawk(files), ...files.flatMap(droppedCallables)].filter(
    ({ file, rule }) => !(takingAway.has(rule) && /_needs_\d+_\d+$/.test(basename(dirname(file)))),
  )
}

function squawk(files: readonly string[]): Finding[] {
  const program = join(programsFolder, 'node_modules/.bin/squawk')
  const config = join(programsFolder, '../.squawk.toml')
  const { stdout, stderr } = spawnSync(program, ['--config', config, '--reporter', 'json', ...files], {
    encoding: 'utf8',
  })
  if (!stdout.startsWith('[')) throw new Error(`squawk has failed: ${stderr}`)
  const found = JSON.parse(stdout) as { file: string; line: number; rule_name: string; message: string }[]
  return found.map(({ file, line, rule_name: rule, message }) => ({ file, line: line + 1, rule, message }))
}

/** An older build calls functions, and names types and views, by what they are called and what they take. */
function droppedCallables(file: string): Finding[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.flatMap((text, index) => {
    const dropped =
      /^\s*(DROP (?:FUNCTION|PROCEDURE|TYPE|DOMAIN|VIEW)|ALTER (?:FUNCTION|TYPE)\b.* RENAME)\b/i.exec(text)
    if (!dropped || /^\s*-- compatible: ./.test(lines[index - 1] ?? '')) return []
    const message = `${dropped[1]}: the build before this one may use it`
    return [{ file, line: index + 1, rule: 'drop-of-what-is-called', message }]
  })
}
