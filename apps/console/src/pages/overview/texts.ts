import { numberFormats } from '../../ui/numbers'
import { defineTexts } from '../../ui/texts'

const { en, de } = numberFormats

export const useOverviewTexts = defineTexts({
  en: {
    about: 'How the services are, and what they do now.',
    services: { users: 'User service', orders: 'Order service', sequencer: 'Sequencer' },
    status: { ok: 'healthy', degraded: 'degraded', unavailable: 'unavailable', down: 'does not answer' },
    waiting: 'asking',
    noAddress:
      'The console does not know its address: SEQUENCER_CONSOLE_USERS_URL, SEQUENCER_CONSOLE_ORDERS_URL.',
    requests: 'Requests',
    perSecond: '/s',
    p95: 'p95',
    uptime: 'up for',
    attention: 'What wants attention',
    allWell: 'Nothing: all services answer, no breaker is open, and every order has its number.',
    isDown: (service: string) => `${service} does not answer.`,
    isDegraded: (service: string, check: string, state: string) => `${service}: ${check} is ${state}.`,
    checks: {
      database: 'database',
      ledger: 'ledger',
      'user-service': 'breaker of the user service',
      sequencer: 'breaker of the sequencer',
      accepting_requests: 'accepting requests',
    },
    checkStates: {
      up: 'up',
      down: 'down',
      closed: 'closed',
      half_open: 'half open',
      open: 'open',
      stopping: 'stopping',
    },
    withoutNumber: (count: number) =>
      `${en.count(count)} ${count === 1 ? 'order waits' : 'orders wait'} for a number. Each gets it by itself when the sequencer answers.`,
    dead: (count: number) =>
      `${en.count(count)} ${count === 1 ? 'event is' : 'events are'} dead: no consumer could handle ${count === 1 ? 'it' : 'them'}.`,
    nearEnd: (prefix: string, left: number) =>
      `${prefix} has ${en.count(left)} ${left === 1 ? 'value' : 'values'} left in its period.`,
    rate: 'New numbers a second',
    now: 'Now',
    live: 'live',
    connecting: 'connecting',
    issued: 'Issued',
    reserved: 'Reserved',
    gaps: 'Free',
    voided: 'Void',
    ordersByStatus: 'Orders by status',
    statuses: {
      pending: 'pending',
      confirmed: 'confirmed',
      shipped: 'shipped',
      delivered: 'delivered',
      cancelled: 'cancelled',
    },
    show: 'Show',
    eventsWaiting: 'Events that wait',
    latest: 'Latest numbers',
    noneYet: 'No number was issued while this page was open. The next one appears here by itself.',
    noOrders: 'There is no order yet.',
  },
  de: {
    about: 'Wie es den Diensten geht, und was sie jetzt tun.',
    services: { users: 'Benutzerdienst', orders: 'Bestelldienst', sequencer: 'Sequencer' },
    status: { ok: 'gesund', degraded: 'eingeschränkt', unavailable: 'nicht bereit', down: 'antwortet nicht' },
    waiting: 'wird gefragt',
    noAddress:
      'Die Konsole kennt seine Adresse nicht: SEQUENCER_CONSOLE_USERS_URL, SEQUENCER_CONSOLE_ORDERS_URL.',
    requests: 'Anfragen',
    perSecond: '/s',
    p95: 'p95',
    uptime: 'läuft seit',
    attention: 'Was Beachtung braucht',
    allWell: 'Nichts: alle Dienste antworten, keine Sicherung ist offen, jede Bestellung hat ihre Nummer.',
    isDown: (service: string) => `${service} antwortet nicht.`,
    isDegraded: (service: string, check: string, state: string) => `${service}: ${check}, ${state}.`,
    checks: {
      database: 'Datenbank',
      ledger: 'Journal',
      'user-service': 'Benutzerdienst',
      sequencer: 'Sequencer',
      accepting_requests: 'Annahme von Anfragen',
    },
    checkStates: {
      up: 'erreichbar',
      down: 'nicht erreichbar',
      closed: 'Sicherung geschlossen',
      half_open: 'Sicherung halb offen',
      open: 'Sicherung offen',
      stopping: 'wird beendet',
    },
    withoutNumber: (count: number) =>
      `${de.count(count)} ${count === 1 ? 'Bestellung wartet' : 'Bestellungen warten'} auf eine Nummer und bekommt sie von selbst, sobald der Sequencer antwortet.`,
    dead: (count: number) =>
      `${de.count(count)} ${count === 1 ? 'Ereignis konnte' : 'Ereignisse konnten'} nicht verarbeitet werden.`,
    nearEnd: (prefix: string, left: number) =>
      `${prefix} hat in seiner Periode noch ${de.count(left)} ${left === 1 ? 'Wert' : 'Werte'}.`,
    rate: 'Neue Nummern je Sekunde',
    now: 'Jetzt',
    live: 'live',
    connecting: 'verbindet',
    issued: 'Vergeben',
    reserved: 'Reserviert',
    gaps: 'Frei',
    voided: 'Ungültig',
    ordersByStatus: 'Bestellungen nach Status',
    statuses: {
      pending: 'offen',
      confirmed: 'bestätigt',
      shipped: 'versandt',
      delivered: 'geliefert',
      cancelled: 'storniert',
    },
    show: 'Zeigen',
    eventsWaiting: 'Wartende Ereignisse',
    latest: 'Neueste Nummern',
    noneYet:
      'Seit diese Seite offen ist, wurde keine Nummer vergeben. Die nächste erscheint hier von selbst.',
    noOrders: 'Es gibt noch keine Bestellung.',
  },
})
