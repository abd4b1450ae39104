module.exports = {
  ...require('../../jest.preset.js'),
  globalSetup: '@ordinal/testing/global-setup',
  globalTeardown: '@ordinal/testing/global-teardown',
}
