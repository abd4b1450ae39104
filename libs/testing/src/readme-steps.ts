/** A block of shell commands, and the JSON that the README shows as its answer. */
export interface Step {
  command: string
  answer: string | undefined
}

/** The `sh` blocks of a Markdown text in their order, each with the `json` block that comes right after it. */
export function stepsOf(markdown: string): Step[] {
  const blocks = markdown.matchAll(
    /^```sh\n(?<command>[\s\S]*?)^```(\s*^```json\n(?<answer>[\s\S]*?)^```)?/gm,
  )
  return Array.from(blocks, ({ groups }) => ({ command: groups!.command!.trim(), answer: groups!.answer }))
}

/** What a block asks make for, if this test does not run it: this very test is a part of it, or it takes minutes. */
export function targetsNotRunHere(command: string): string[] | undefined {
  if (!/\b(make (test|bench|docker)\S*|docker|git clone)\b/.test(command)) return undefined
  return Array.from(command.matchAll(/\bmake ([a-z-]+)/g), ([, target]) => target!)
}

/** A JSON text as a value, without what differs from run to run: times, references, the year of order numbers. */
export function comparable(json: string): unknown {
  return JSON.parse(
    json
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
      .replaceAll(/ORD-\d{4}-/g, 'ORD-YEAR-'),
  )
}
