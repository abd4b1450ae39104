/** The rooms of the order service, from the bottom up: eslint.rooms.mjs at the root holds them. */
export const rooms = {
  app: 'order-service',
  pure: '@ordinal/errors$',
  rooms: {
    domain: [],
    clients: ['domain'],
    events: ['domain'],
    numbering: ['domain', 'clients', 'events'],
    orders: ['domain', 'clients', 'events', 'numbering'],
  },
}
