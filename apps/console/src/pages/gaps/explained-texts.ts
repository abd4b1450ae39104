import { defineTexts } from '../../ui/texts'

export const useExplainedTexts = defineTexts({
  en: {
    title: 'Gaps, explained',
    about: 'For an auditor: print it, or keep it as a PDF. Each sequence has a page.',
    print: 'Print',
    none: 'There is no sequence',
    sheet: (prefix: string, period: string) => (period === '' ? prefix : `${prefix}, period ${period}`),
    account: 'All values',
    sum: ([first, last, inUse, reserved, free, voided, all]: string[]) =>
      `Values ${first} to ${last} were given, without exception: ${inUse} in use + ${reserved} reserved + ${free} free + ${voided} void = ${all}.`,
    holes: 'Values that no document holds',
    noHoles: 'None: every value up to the counter is held by a document.',
    allHoles: (count: string) => `All ${count}, each with the step that made it so.`,
    someHoles: (shown: string, all: string) =>
      `The first ${shown} of ${all}. The others are in the export of the ledger (/api/v1/audit/export).`,
    when: 'When',
    why: 'Why',
    reserved: 'Reserved values',
    reservedHelp: (all: string, shown: string) =>
      `${all} are held for a document that is not complete; ${shown} of them are listed. Each is confirmed, or released when its time is over.`,
    held: (who: string, since: string, until: string) => `by ${who}, since ${since}, until ${until}`,
    proof: 'What is proven',
    notVerified: 'The hash chain was not verified for this page.',
    verify: 'Verify it now',
    fits: (at: string, rows: string, batches: string) =>
      `Verified at ${at}: the chain of ${batches} commits with ${rows} steps fits, and the counter follows from it.`,
    fitsNot: (at: string, findings: string) => `Verified at ${at}: it does not fit. Findings: ${findings}`,
    proven:
      'A chain that fits shows that no step was altered, removed or inserted since it was written, that each value was given once, and that none up to the counter is missing.',
    notProven:
      'It does not show that reasons are true, nor that the whole ledger was not written anew by its owner: for that, compare it with a checkpoint that somebody else keeps.',
    signature: 'Date, name, signature',
  },
  de: {
    title: 'Lücken, erklärt',
    about: 'Für die Prüfung: zum Drucken, oder als PDF. Jeder Nummernkreis hat eine Seite.',
    print: 'Drucken',
    none: 'Es gibt keinen Nummernkreis',
    sheet: (prefix: string, period: string) => (period === '' ? prefix : `${prefix}, Periode ${period}`),
    account: 'Alle Werte',
    sum: ([first, last, inUse, reserved, free, voided, all]: string[]) =>
      `Die Werte ${first} bis ${last} wurden ausnahmslos vergeben: ${inUse} in Gebrauch + ${reserved} reserviert + ${free} frei + ${voided} ungültig = ${all}.`,
    holes: 'Werte, die kein Beleg trägt',
    noHoles: 'Keine: jeder Wert bis zum Zähler gehört zu einem Beleg.',
    allHoles: (count: string) => `Alle ${count}, jeder mit dem Schritt, der ihn dazu gemacht hat.`,
    someHoles: (shown: string, all: string) =>
      `Die ersten ${shown} von ${all}. Die übrigen stehen im Export des Journals (/api/v1/audit/export).`,
    when: 'Wann',
    why: 'Warum',
    reserved: 'Reservierte Werte',
    reservedHelp: (all: string, shown: string) =>
      `${all} sind für einen Beleg gehalten, der nicht fertig ist; ${shown} davon stehen hier. Jeder wird bestätigt, oder frei, wenn seine Zeit um ist.`,
    held: (who: string, since: string, until: string) => `von ${who}, seit ${since}, bis ${until}`,
    proof: 'Was bewiesen ist',
    notVerified: 'Die Hash-Kette wurde für diese Seite nicht geprüft.',
    verify: 'Jetzt prüfen',
    fits: (at: string, rows: string, batches: string) =>
      `Geprüft am ${at}: die Kette von ${batches} Stapeln mit ${rows} Schritten passt, und der Zähler folgt aus ihr.`,
    fitsNot: (at: string, findings: string) => `Geprüft am ${at}: sie passt nicht. Befunde: ${findings}`,
    proven:
      'Eine Kette, die passt, zeigt, dass kein Schritt geändert, entfernt oder eingefügt wurde, seit er geschrieben ist, dass jeder Wert einmal vergeben wurde und dass bis zum Zähler keiner fehlt.',
    notProven:
      'Sie zeigt nicht, dass Gründe wahr sind, noch dass der Eigentümer nicht alles neu geschrieben hat: dafür vergleicht man sie mit einem Prüfpunkt, den jemand anders aufbewahrt.',
    signature: 'Datum, Name, Unterschrift',
  },
})
