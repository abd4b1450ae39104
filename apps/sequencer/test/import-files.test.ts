import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { distance } from 'fastest-levenshtein'
import { columnNames } from '../src/imports/header'
import { readLines } from '../src/imports/parse'

async function fieldsOf(text: string, pieceLength: number) {
  const bytes = Buffer.from(text)
  const starts = Array.from(
    { length: Math.ceil(bytes.length / pieceLength) },
    (_, index) => index * pieceLength,
  )
  const chunks = Readable.from(starts.map((from) => bytes.subarray(from, from + pieceLength)))
  const found = []
  for await (const { content } of readLines({ media: 'text/csv', chunks }).lines) found.push(content)
  return found
}

const columns = {
  number: ['number', 'Number', ' NUMBER '],
  client_id: ['client_id', 'Client ID', 'CLIENT-ID'],
}
const text = fc.string({
  unit: fc.constantFrom('a', 'B', '1', ',', ';', '"', '-', 'é'),
  minLength: 1,
  maxLength: 6,
})

test('a file says the same, whichever way a spreadsheet writes it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        separator: fc.constantFrom(',', ';', '\t'),
        end: fc.constantFrom('\n', '\r\n', '\r'),
        mark: fc.constantFrom('', '\uFEFF'),
        unnamed: fc.nat(2),
        names: fc.tuple(fc.constantFrom(...columns.number), fc.constantFrom(...columns.client_id)),
        rows: fc.array(fc.option(fc.tuple(text, text)), { maxLength: 8 }),
        pieceLength: fc.integer({ min: 1, max: 50 }),
      }),
      async ({ separator, end, mark, unnamed, names, rows, pieceLength }) => {
        const write = (fields: readonly string[]) =>
          [...fields, ...Array<string>(unnamed).fill('')]
            .map((field) => (/[",;]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
            .join(separator)
        const file = [names, ...rows.map((row) => row ?? ['', ''])].map(write).join(end)
        const expected = rows
          .filter((row) => row !== null)
          .map(([number, client_id]) => ({ number, client_id, void: false }))
        expect(await fieldsOf(mark + file, pieceLength)).toEqual(expected)
      },
    ),
  )
})

/** A file in pieces, which tells how many were taken and whether it was released. */
function upload(pieces: Iterable<string | Buffer>) {
  const state = { taken: 0, released: false }
  async function* chunks() {
    try {
      for (const piece of pieces) {
        await setImmediate()
        state.taken += 1
        yield Buffer.from(piece as string)
      }
    } finally {
      state.released = true
    }
  }
  return { state, media: 'text/csv', chunks: chunks() }
}

test.each(['x', ' ', '"', ',', '\t', 'x,'])(
  'a line of ten million times %j is refused before more than its beginning was read',
  async (character) => {
    const piece = character.repeat(10_000)
    const file = upload(Array<string>(1_000).fill(piece))
    const { lines } = readLines(file)
    await expect(lines.next()).rejects.toMatchObject({ code: 'import_unreadable' })
    expect(file.state.taken).toBeLessThan(10)
    expect(file.state.released).toBe(true)
    const atOnce = readLines(upload([piece.repeat(1_000)]))
    await expect(atOnce.lines.next()).rejects.toMatchObject({ code: 'import_unreadable' })
  },
)

test.each([
  ['the first piece', ['number\nA\nB\n', 'C\n']],
  ['a later piece', ['num', 'ber\n', 'A\nB\n', 'C\n']],
])('a file is released when reading ends in %s', async (_, pieces) => {
  const file = upload(pieces)
  for await (const { number } of readLines(file).lines) if (number === 'A') break
  expect(file.state.released).toBe(true)
})

test.each([
  ['the line of the columns', ['numbr\nA\n', 'B\n']],
  ['a record', ['number\n"A"x\n', 'B\n']],
  ['the characters', [Buffer.of(0xff), 'B\n']],
])('a file is released when %s cannot be read', async (_, pieces) => {
  const file = upload(pieces)
  await expect(readLines(file).lines.next()).rejects.toMatchObject({ code: 'import_unreadable' })
  expect(file.state.released).toBe(true)
})

test('a column that is nearly one of ours is refused, however it is misspelt', async () => {
  const letters = fc.constantFrom('', 'x', 'z', '9')
  const edits = fc.array(fc.tuple(fc.nat(20), fc.nat(1), letters), { minLength: 1, maxLength: 2 })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...columnNames), edits, fc.boolean(), async (name, changes, strict) => {
      const column = changes.reduce(
        (text, [at, removed, added]) => text.slice(0, at) + added + text.slice(at + removed),
        name,
      )
      fc.pre(!columnNames.includes(column.replaceAll(/_+/g, '_')) && distance(column, name) > 0)
      const header = ['number', 'status', 'reason'].filter((other) => other !== name)
      const { lines } = readLines(upload([[...header, column.toUpperCase()].join()]), {
        strict,
        dateFormat: 'yyyy-mm-dd',
        columns: new Map(),
      })
      await expect(lines.next()).rejects.toThrow(
        `the column "${column.toUpperCase()}" is not known: did you mean "${name}"?`,
      )
    }),
  )
})

test('a line of JSON that is nested deeply is a line that is refused, and the next is read', async () => {
  const chunks = Readable.from([Buffer.from(`{"number":${'['.repeat(60_000)}\n{"number":"B"}\n`)])
  const found = []
  for await (const { content } of readLines({ media: 'application/x-ndjson', chunks }).lines)
    found.push(content)
  expect(found).toMatchObject([{ fault: 'is nested too deeply, or has too many fields' }, { number: 'B' }])
})
