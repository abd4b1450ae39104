// What every project's jest.config.js starts from.
module.exports = {
  testEnvironment: 'node',
  testMatch: ['**/*.test.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }],
    '/node_modules/(uuid|jose|temporal-[a-z]+)/.*\\.js$': [
      '@swc/jest',
      { jsc: { target: 'es2023' }, module: { type: 'commonjs' } },
    ],
  },
  // swc compiles our own sources, which npm links under node_modules, and the packages that are ESM only.
  transformIgnorePatterns: ['/node_modules/(?!@ordinal/|uuid/|jose/|temporal-)'],
  testTimeout: 30_000,
}
