/** A block of shell commands, and what the page shows as its answer. */
export interface Step {
  command: string
  /** The JSON that it prints. */
  answer: string | undefined
  /** The text that it prints, where that is no JSON; `…` stands for anything. */
  text: string | undefined
}

/** The `sh` blocks of a Markdown text in their order, each with the `json` or `text` block that comes right after it. */
export function stepsOf(markdown: string): Step[] {
  const blocks = markdown.matchAll(
    /^```sh\n(?<command>[\s\S]*?)^```(\s*^```json\n(?<answer>[\s\S]*?)^```|\s*^```text\n(?<text>[\s\S]*?)^```)?/gm,
  )
  return Array.from(blocks, ({ groups }) => ({
    command: groups!.command!.trim(),
    answer: groups!.answer,
    text: groups!.text,
  }))
}

/** What a block asks make for, if this test does not run it: this very test is a part of it, or it takes minutes. */
export function targetsNotRunHere(command: string): string[] | undefined {
  if (!/\b(make (test|bench|docker)\S*|docker|git clone)\b/.test(command)) return undefined
  return Array.from(command.matchAll(/\bmake ([a-z-]+)/g), ([, target]) => target!)
}

// What differs from run to run: moments, today's periods and the numbers in them, what is random, and how fast it was.
const passing: readonly [RegExp, string][] = [
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'],
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID'],
  [/[0-9a-f]{64}|[0-9a-f]{8}…/g, 'HASH'],
  [/\beyJ[\w.…-]+/g, 'TOKEN'],
  [/\b[0-9a-z]{8}-[\w-]{16}-[0-9a-z]{8}\b/g, 'KEY'],
  [/"next_cursor":(\s*)"[^"]+"/g, '"next_cursor":$1"CURSOR"'],
  [/\b(ORD-|INV|PO|DEMO-)20\d\d(\d\d){0,2}-/g, '$1TODAY-'],
  [/"20\d\d(-\d\d){0,2}"/g, '"PERIOD"'],
  [/"(uptime_seconds|seconds|\w+_per_second)":(\s*)[\d.]+/g, '"$1":$2 0'],
]

/** A text without what differs from run to run. */
export const comparableText = (text: string): string =>
  passing.reduce((rest, [pattern, replacement]) => rest.replaceAll(pattern, replacement), text)

/** A JSON text as a value, without what differs from run to run. */
export const comparable = (json: string): unknown => JSON.parse(comparableText(json))

/** What a text has to be like that a page shows: `…` is anything in a line, or by itself any lines. */
export function patternOf(text: string): RegExp {
  const lines = comparableText(text).trimEnd().split('\n')
  const patterns = lines.map((line) => (line === '…' ? '[^]*' : line.split('…').map(escape).join('.*')))
  return new RegExp(`^${patterns.join('\n')}\\s*$`)
}

const escape = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
