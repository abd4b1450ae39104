/* global __dirname */
const { randomInt } = require('node:crypto')
const { join } = require('node:path')

const counting = process.env.ORDINAL_TEST_COUNTS ? [require.resolve('./tools/build/src/count-tests.js')] : []

// All that tests choose at random comes from one seed: a red run is due to the change. `TEST_SEED=random` is left to chance.
process.env.TEST_SEED = seedFrom(process.env.TEST_SEED || '638900401')

// What every project's jest.config.js starts from.
module.exports = {
  testEnvironment: 'node',
  testMatch: ['**/*.test.ts'],
  moduleNameMapper: { '^fast-check$': require.resolve('./tools/build/src/seeded-fast-check.js') },
  setupFiles: [require.resolve('./tools/build/src/clear-of-midnight.js')],
  // What is published is built; its tests and its neighbours' are of the sources.
  testEnvironmentOptions: { customExportConditions: ['@ordinal/source', 'node', 'node-addons'] },
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }],
    '/node_modules/(uuid|jose|temporal-[a-z]+|@opentelemetry/otlp-exporter-base)/.*\\.js$': [
      '@swc/jest',
      { jsc: { target: 'es2023' }, module: { type: 'commonjs' } },
    ],
  },
  // swc compiles our own sources, which npm links under node_modules, the packages that are ESM only, and one that calls
  // import(), which Jest refuses.
  transformIgnorePatterns: [
    '/node_modules/(?!@ordinal/|uuid/|jose/|temporal-|@opentelemetry/otlp-exporter-base/)',
  ],
  // Nx tests two projects at a time: two processors have enough to do.
  maxWorkers: 1,
  // Ends a test that hangs; how long one takes says only how busy its machine is. Longer than a start of PostgreSQL may take.
  testTimeout: 360_000,
  // What a file has loaded stays in its process: beyond this the next file gets a new one.
  workerIdleMemoryLimit: '800MB',
  // A failed test may leave a service running, which must not keep CI waiting for ever.
  forceExit: Boolean(process.env.CI),
  // Compiled sources are kept in the clone: they go with it, and no other clone's are taken.
  cacheDirectory: join(__dirname, '.nx/jest'),
  reporters: ['default', ...counting],
}

function seedFrom(asked) {
  if (/^\d+$/.test(asked)) return asked
  if (asked !== 'random') throw new Error(`TEST_SEED is a whole number or "random", and not "${asked}"`)
  const seed = String(randomInt(2 ** 31))
  process.stderr.write(`TEST_SEED=${seed}\n`)
  return seed
}
