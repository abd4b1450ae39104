/**
 * The rooms of the sequencer, from the bottom up (docs/decisions/0055-rooms.md): eslint.rooms.mjs at the root holds them.
 */
export const rooms = {
  app: 'sequencer',
  pure: '@ordinal/(audit|errors)$|temporal-polyfill$',
  statements: ['ledger/*.ts'],
  prisma: ['ledger/known-sequences.ts', 'restore/command.ts'],
  rooms: {
    domain: [],
    ledger: ['domain'],
    api: ['domain'],
    numbers: ['domain', 'ledger', 'api'],
    sites: ['domain', 'ledger', 'api', 'numbers'],
    sequences: ['domain', 'ledger', 'api'],
    audit: ['domain', 'api'],
    'api-keys': ['domain', 'ledger', 'api'],
    imports: ['domain', 'ledger', 'api', 'sites'],
    restore: ['domain', 'ledger', 'audit'],
    console: [],
    demos: ['domain', 'ledger', 'api', 'sites'],
  },
}
