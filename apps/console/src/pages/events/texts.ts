import { defineTexts } from '../../ui/texts'

export const useEventsTexts = defineTexts({
  en: {
    about: 'Events of orders: those that wait for their delivery, and those that no attempt could deliver.',
    waiting: 'Waiting',
    oldest: 'Oldest since',
    oldestOfAll: 'Oldest event',
    waitsFor: (time: string) => `waits for ${time}`,
    noneWaits: 'none waits',
    dead: 'Dead letters',
    byType: 'What waits, by type',
    service: 'Service',
    notAllCounted: 'More events wait than are counted here. The figure above has them all.',
    waitingList: 'Events that wait',
    type: 'Type',
    order: 'Order',
    consumer: 'Consumer',
    everybody: 'all',
    attempts: 'Attempts',
    due: 'Next attempt',
    since: 'Waits since',
    nothingWaits: 'No event waits',
    nothingWaitsHelp: 'Events are delivered within moments. They wait while a consumer or Redis is away.',
    deadList: 'Dead letters',
    noneDead: 'There is no dead letter',
    noneDeadHelp: 'An event that a consumer could not handle, however often it was tried, is kept here.',
    reason: 'Why',
    died: 'Died',
    noEvent: 'no event',
    letter: (id: string) => `Dead letter ${id}`,
    close: 'Close',
    replay: 'Replay',
    replayTitle: (type: string, subject: string) => `Replay ${type} of ${subject}?`,
    replayWill: (consumer: string) =>
      `It is delivered again, with the id that it had, to ${consumer} and to nobody else. Later events of the order were delivered meanwhile. If the cause is still there, it dies again.`,
    replayAll: (count: string) => `Replay all: ${count}`,
    replayAllTitle: (count: string, type: string | undefined, consumer: string | undefined) =>
      `Replay ${count} dead ${count === '1' ? 'letter' : 'letters'}${type ? ` of the type ${type}` : ''}${consumer ? ` for ${consumer}` : ''}?`,
    replayAllWill:
      'Each is delivered again, with the id that it had, to the consumer that could not handle it. Later events of their orders were delivered meanwhile. Where the cause is still there, they die again.',
    replayed: (count: string) =>
      count === '1' ? 'The event is delivered again' : `${count} events are delivered again`,
    nothingToReplay: 'Nothing was left to replay: somebody else was first',
  },
  de: {
    about:
      'Ereignisse von Bestellungen: die auf ihre Zustellung warten, und die kein Versuch zustellen konnte.',
    waiting: 'Wartend',
    oldest: 'Ältestes seit',
    oldestOfAll: 'Ältestes Ereignis',
    waitsFor: (time: string) => `wartet seit ${time}`,
    noneWaits: 'keines wartet',
    dead: 'Unzustellbar',
    byType: 'Was wartet, nach Art',
    service: 'Dienst',
    notAllCounted: 'Es warten mehr Ereignisse, als hier gezählt sind. Die Zahl oben hat alle.',
    waitingList: 'Wartende Ereignisse',
    type: 'Art',
    order: 'Bestellung',
    consumer: 'Verbraucher',
    everybody: 'alle',
    attempts: 'Versuche',
    due: 'Nächster Versuch',
    since: 'Wartet seit',
    nothingWaits: 'Kein Ereignis wartet',
    nothingWaitsHelp:
      'Ereignisse werden binnen Augenblicken zugestellt. Sie warten, solange ein Verbraucher oder Redis fort ist.',
    deadList: 'Unzustellbare Ereignisse',
    noneDead: 'Nichts ist unzustellbar',
    noneDeadHelp:
      'Ein Ereignis, das ein Verbraucher nicht verarbeiten konnte, so oft es versucht wurde, wird hier aufbewahrt.',
    reason: 'Warum',
    died: 'Aufgegeben',
    noEvent: 'kein Ereignis',
    letter: (id: string) => `Unzustellbar: ${id}`,
    close: 'Schließen',
    replay: 'Wiederholen',
    replayTitle: (type: string, subject: string) => `${type} von ${subject} wiederholen?`,
    replayWill: (consumer: string) =>
      `Es wird noch einmal zugestellt, mit derselben ID, an ${consumer} und niemanden sonst. Spätere Ereignisse der Bestellung wurden inzwischen zugestellt. Besteht die Ursache noch, ist es wieder unzustellbar.`,
    replayAll: (count: string) => `Alle wiederholen: ${count}`,
    replayAllTitle: (count: string, type: string | undefined, consumer: string | undefined) =>
      `${count} ${count === '1' ? 'unzustellbares Ereignis' : 'unzustellbare Ereignisse'}${type ? ` der Art ${type}` : ''}${consumer ? ` für ${consumer}` : ''} wiederholen?`,
    replayAllWill:
      'Jedes wird noch einmal zugestellt, mit derselben ID, an den Verbraucher, der es nicht verarbeiten konnte. Spätere Ereignisse der Bestellungen wurden inzwischen zugestellt. Wo die Ursache noch besteht, sind sie wieder unzustellbar.',
    replayed: (count: string) =>
      count === '1'
        ? 'Das Ereignis wird noch einmal zugestellt'
        : `${count} Ereignisse werden noch einmal zugestellt`,
    nothingToReplay: 'Es gab nichts mehr zu wiederholen: Jemand anders war schneller',
  },
})
