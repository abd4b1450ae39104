module.exports = {
  ...require('../../jest.preset.js'),
  // Shows the seed.
  verbose: true,
  testTimeout: 180_000,
}
