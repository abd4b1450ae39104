import { defineTexts } from '../../ui/texts'
import { numberFormats } from '../../ui/numbers'

// Of RegExp what is needed: a test takes each place that names that for one where an expression is made of a text.
interface Pattern {
  test(sentence: string): boolean
  [Symbol.replace](sentence: string, by: string): string
}
type Translation = readonly [english: Pattern, german: string]

export const useDemosTexts = defineTexts({
  en: {
    about:
      'Each draws numbers as any caller does, on the sequence DEMO that nobody else uses, and then looks in the ledger whether the promises were kept.',
    names: {
      basic: 'All sites, one order',
      concurrent: 'Clients at the same time',
      gaps: 'A gap is filled',
      'load-test': 'Numbers a second',
    },
    abouts: {
      basic: 'Every site, partition and type of invoice draws in turn: one order over all.',
      concurrent: 'Clients draw at the same time: nothing twice, no hole.',
      gaps: 'A number that is released and one that is suppressed leave gaps, which the next ones fill.',
      'load-test': 'How many numbers a second, without HTTP.',
    },
    clients: 'Clients',
    each: 'Numbers of each',
    total: 'Numbers in all',
    run: 'Run',
    runName: (name: string) => `Run: ${name}`,
    running: 'It runs',
    drawn: (count: number) =>
      `${numberFormats.en.count(count)} ${count === 1 ? 'number' : 'numbers'} drawn so far`,
    checking: 'The ledger is asked whether the promises were kept',
    steps: 'Steps',
    verdict: 'Verdict',
    held: 'All promises were kept',
    broken: 'A promise was broken',
    kept: 'kept',
    notKept: 'broken',
    figures: (count: number, seconds: number | null, rate: number | null) =>
      `${numberFormats.en.count(count)} ${count === 1 ? 'number' : 'numbers'}` +
      (seconds === null || rate === null
        ? ''
        : ` in ${numberFormats.en.tenths(seconds)} s: ${numberFormats.en.count(rate)} a second`),
    // What the service says is English already.
    said: [] as readonly Translation[],
  },
  de: {
    about:
      'Jede zieht Nummern wie jeder Aufrufer, im Nummernkreis DEMO, den sonst niemand benutzt, und sieht dann im Journal nach, ob die Zusagen gehalten wurden.',
    names: {
      basic: 'Alle Standorte, eine Reihenfolge',
      concurrent: 'Gleichzeitige Aufrufer',
      gaps: 'Eine Lücke wird gefüllt',
      'load-test': 'Nummern je Sekunde',
    },
    abouts: {
      basic:
        'Jeder Standort, jede Partition und jede Art von Rechnung zieht reihum: eine Reihenfolge über alle.',
      concurrent: 'Aufrufer ziehen gleichzeitig: nichts doppelt, kein Loch.',
      gaps: 'Eine freigegebene und eine unterdrückte Nummer hinterlassen Lücken, die die nächsten füllen.',
      'load-test': 'Wie viele Nummern je Sekunde, ohne HTTP.',
    },
    clients: 'Aufrufer',
    each: 'Nummern von jedem',
    total: 'Nummern insgesamt',
    run: 'Vorführen',
    runName: (name: string) => `Vorführen: ${name}`,
    running: 'Es läuft',
    drawn: (count: number) =>
      `${numberFormats.de.count(count)} ${count === 1 ? 'Nummer' : 'Nummern'} bisher gezogen`,
    checking: 'Das Journal wird befragt, ob die Zusagen gehalten wurden',
    steps: 'Schritte',
    verdict: 'Urteil',
    held: 'Alle Zusagen wurden gehalten',
    broken: 'Eine Zusage wurde gebrochen',
    kept: 'gehalten',
    notKept: 'gebrochen',
    figures: (count: number, seconds: number | null, rate: number | null) =>
      `${numberFormats.de.count(count)} ${count === 1 ? 'Nummer' : 'Nummern'}` +
      (seconds === null || rate === null
        ? ''
        : ` in ${numberFormats.de.tenths(seconds)} s: ${numberFormats.de.count(rate)} je Sekunde`),
    said: [
      [
        /^No number is given while a document holds it$/,
        'Keine Nummer wird vergeben, solange ein Beleg sie hat',
      ],
      [/^Values follow each other without a hole$/, 'Die Werte folgen einander ohne Loch'],
      [/^What was answered is on record$/, 'Was geantwortet wurde, ist aufgezeichnet'],
      [/^A gap is filled by the next number$/, 'Eine Lücke wird von der nächsten Nummer gefüllt'],
      [/^(\d+) were$/, '$1 wurden es'],
      [
        /^(\d+) of (\d+) values from (\d+) to (\d+) are in the ledger$/,
        '$1 von $2 Werten von $3 bis $4 sind im Journal',
      ],
      [/^(\d+) of (\d+) numbers are in the ledger$/, '$1 von $2 Nummern sind im Journal'],
      [/^(\d+) of (\d+) gaps are filled$/, '$1 von $2 Lücken sind gefüllt'],
      [/^([^ ,]+), ([^ ,]+) draws for an ([^ ,]+) invoice$/, '$1, $2 zieht für eine Rechnung ($3)'],
      [/^There is no site, so somebody draws$/, 'Es gibt keinen Standort, also zieht irgendwer'],
      [
        /^(\d+) clients drew (\d+) numbers each, all at the same time$/,
        '$1 Aufrufer zogen je $2 Nummern, alle gleichzeitig',
      ],
      [/^(\d+) clients drew (\d+) numbers$/, '$1 Aufrufer zogen $2 Nummern'],
      [/^Five numbers that follow each other$/, 'Fünf Nummern, die einander folgen'],
      [
        /^The next invoice is suppressed: its number is drawn, and free again at once$/,
        'Die nächste Rechnung wird unterdrückt: ihre Nummer wird gezogen und ist sofort wieder frei',
      ],
      [/^The third is released$/, 'Die dritte wird freigegeben'],
      [/^The next two requests fill the gaps$/, 'Die nächsten zwei Anfragen füllen die Lücken'],
      [/^Then it goes on$/, 'Dann geht es weiter'],
    ] as readonly Translation[],
  },
})

/** A sentence of the service in the chosen language; one that is not known stays as it is. */
export function translated(sentence: string, said: readonly Translation[]): string {
  const known = said.find(([english]) => english.test(sentence))
  return known ? sentence.replace(known[0], known[1]) : sentence
}
