import { Readable } from 'node:stream'
import fc from 'fast-check'
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
