// What every project's jest.config.js starts from.
module.exports = {
  testEnvironment: 'node',
  testMatch: ['**/*.test.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }] },
  // swc compiles our own sources, which npm links under node_modules, and the few packages that are ESM only.
  transformIgnorePatterns: ['/node_modules/(?!@ordinal/)'],
  testTimeout: 30_000,
}
