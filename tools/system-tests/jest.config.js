module.exports = {
  ...require('../../jest.preset.js'),
  globalSetup: '@ordinal/testing/global-setup',
  globalTeardown: '@ordinal/testing/global-teardown',
  testEnvironment: './src/environment.ts',
  // Times and memory are measured: one file has the machine to itself.
  maxWorkers: 1,
  // Shows each promise, and the seeds.
  verbose: true,
  testTimeout: 60_000,
}
