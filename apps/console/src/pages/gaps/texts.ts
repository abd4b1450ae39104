import { defineTexts } from '../../ui/texts'

export const useGapsTexts = defineTexts({
  en: {
    about: 'Values up to the counter that no document holds, and why.',
    sequence: 'Sequence',
    choose: 'Choose a sequence',
    chooseHelp: 'Then its gaps are listed here, each with its reason.',
    none: 'No gap',
    noneHelp: (prefix: string) => `Every value of ${prefix} up to its counter is held by a document.`,
    number: 'Number',
    value: 'Value',
    state: 'State',
    since: 'Since',
    what: 'By',
    more: 'More',
  },
  de: {
    about: 'Werte bis zum Zähler, die kein Beleg trägt, und warum.',
    sequence: 'Nummernkreis',
    choose: 'Wählen Sie einen Nummernkreis',
    chooseHelp: 'Dann stehen hier seine Lücken, jede mit ihrem Grund.',
    none: 'Keine Lücke',
    noneHelp: (prefix: string) => `Jeder Wert von ${prefix} bis zum Zähler gehört zu einem Beleg.`,
    number: 'Nummer',
    value: 'Wert',
    state: 'Zustand',
    since: 'Seit',
    what: 'Durch',
    more: 'Mehr',
  },
})
