import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Machine } from './machine'
import type { SuiteResult } from './suite'

/** A suite, and the machine that it was measured on. */
export interface Result extends SuiteResult {
  machine: Machine
}

/** What a file has; nothing if there is none. */
export const readResults = (file: string): Result[] =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { suites: Result[] }).suites : []

export function writeResults(file: string, suites: readonly Result[]): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify({ suites }, null, 2)}\n`)
}

/** Puts results in place of those of the same suites; the others stay, each with its own time and machine. */
export function replaceResults(before: readonly Result[], now: readonly Result[]): Result[] {
  const kept = before.map((result) => now.find(({ name }) => name === result.name) ?? result)
  return [...kept, ...now.filter(({ name }) => !before.some((result) => result.name === name))]
}
