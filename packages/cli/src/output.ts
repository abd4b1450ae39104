import Table from 'cli-table3'

type Row = Readonly<Record<string, unknown>>

/** Where a command's results go: as a table for people, as JSON for programs. */
export interface Output {
  /** One thing: its fields below one another, or an object. */
  one(row: object): void
  /** Many: a table when the last has come, or a line of JSON for each at once. */
  many(rows: AsyncIterable<object> | Iterable<object>, columns: readonly string[]): Promise<void>
  /** One thing with a list in it: a line and a table of that list for people, the object for programs. */
  detail(row: object, text: string, rows: Iterable<object>, columns: readonly string[]): Promise<void>
  /** A table for people; nothing for programs. */
  table(rows: Iterable<object>, columns: readonly string[]): Promise<void>
  /** One line for people; nothing for programs. */
  line(text: string): void
  /** One line of JSON for programs; nothing for people. */
  record(row: object): void
}

// No frames: lines can be cut and compared.
const plain = {
  chars: Object.fromEntries(
    ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
      .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'])
      .map((name) => [name, '']),
  ),
  style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [] },
}

/** Output through `write`: JSON, or else tables and lines. */
export function createOutput(write: (text: string) => void, asJson: boolean): Output {
  const show = (rows: string[][], head: string[] = []) => {
    const table = new Table({ ...plain, chars: { ...plain.chars, middle: '' }, head })
    table.push(...rows)
    const lines = table.toString().split('\n')
    write(`${lines.map((line) => line.trimEnd()).join('\n')}\n`)
  }
  const output: Output = {
    one(row) {
      if (asJson) return write(`${JSON.stringify(row)}\n`)
      show(Object.entries(row).map(([name, value]) => [visible(name), cell(value)]))
    },
    async many(rows, columns) {
      const cells: string[][] = []
      for await (const row of rows) {
        if (asJson) write(`${JSON.stringify(row)}\n`)
        else cells.push(columns.map((column) => cell((row as Row)[column])))
      }
      if (!asJson) show(cells, [...columns])
    },
    async detail(row, text, rows, columns) {
      output.record(row)
      output.line(text)
      await output.table(rows, columns)
    },
    async table(rows, columns) {
      if (!asJson) await output.many(rows, columns)
    },
    line(text) {
      if (!asJson) write(`${visible(text)}\n`)
    },
    record(row) {
      if (asJson) write(`${JSON.stringify(row)}\n`)
    },
  }
  return output
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  return visible(typeof value === 'string' ? value : JSON.stringify(value))
}

/** A text without control characters, which a terminal would carry out: others may have written it. */
export const visible = (text: string) => text.replace(/[\p{Cc}\p{Cf}]/gu, '\u{fffd}')
