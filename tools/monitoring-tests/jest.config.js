module.exports = {
  ...require('../../jest.preset.js'),
  globalSetup: '@ordinal/testing/global-setup',
  globalTeardown: '@ordinal/testing/global-teardown',
  testEnvironment: '@ordinal/system-tests/environment',
  // Alerts are timed: one file has the machine to itself.
  maxWorkers: 1,
  verbose: true,
}
