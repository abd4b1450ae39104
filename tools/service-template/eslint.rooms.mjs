/** The rooms of the sample service, from the bottom up: eslint.rooms.mjs at the root holds them. */
export const rooms = {
  app: 'sample-service',
  pure: '@ordinal/errors$',
  rooms: {
    domain: [],
    'demo-widgets': ['domain'],
  },
}
