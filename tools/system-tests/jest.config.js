module.exports = {
  ...require('../../jest.preset.js'),
  globalSetup: '@ordinal/testing/global-setup',
  globalTeardown: '@ordinal/testing/global-teardown',
  testEnvironment: './src/environment.ts',
  // Times and memory are measured, so that nothing else is tested meanwhile; a file waits for half of its time.
  maxWorkers: 2,
  // Shows each promise, and the seeds.
  verbose: true,
}
