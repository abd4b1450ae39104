module.exports = {
  ...require('../../jest.preset.js'),
  // Each drill has a cluster of eleven programs: one at a time.
  maxWorkers: 1,
  verbose: true,
}
