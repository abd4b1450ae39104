module.exports = {
  ...require('../../jest.preset.js'),
  // Shows the seed.
  verbose: true,
}
